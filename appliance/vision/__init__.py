"""The room that sees: owns camera, models and every pixel; gives evidence, never a decision."""

"""The devices of a gate behind small ports; knows nothing of the product that uses them."""

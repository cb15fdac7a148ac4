"""What the gate keeps: keys, sealed records, references and the log."""

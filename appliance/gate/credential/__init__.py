"""What people carry: the app's pass and its one-use memory."""

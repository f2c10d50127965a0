"""What makes maps of pictures, each imported only when it is asked for."""

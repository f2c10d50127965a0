"""What the released weights can do, measured on pictures alone: nothing here knows how they were trained."""

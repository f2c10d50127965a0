"""ControlNets: which ones a job follows, what maps, and when."""

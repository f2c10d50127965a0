"""The stages of training, each resumable: VAE, latents, UNet with text encoders, ControlNet, LoRAs."""

"""The machines of the sandbox market: plausible figures for cards, hosts and places, none of them measured."""

from typing import NamedTuple


class Card(NamedTuple):
    """One GPU model. ram_mb as Vast reports it, compute_cap x100, usd_per_hour the middle of its price range."""

    name: str
    ram_mb: int
    compute_cap: int
    arch: str
    dlperf: float
    tflops: float
    mem_gb_s: float
    max_power_w: float
    usd_per_hour: float


class Stand(NamedTuple):
    """One offer of the market: a card on a machine. inet figures in Mbps, costs in $/GB."""

    card: str
    host: int
    place: str
    inet_down: float
    reliability: float = 0.99
    num_gpus: int = 1
    price_factor: float = 1.0
    inet_cost: float = 0.002
    storage_cost: float = 0.15
    disk_gb: float = 400.0
    days_left: float = 60.0
    verified: bool = True
    external: bool = False
    datacenter: bool = False


CARDS: dict[str, Card] = {
    card.name: card
    for card in (
        Card("RTX 3060", 12288, 860, "nvidia", 18.0, 12.7, 360, 170, 0.075),
        Card("RTX 3090", 24576, 860, "nvidia", 48.0, 35.6, 936, 350, 0.19),
        Card("RTX 3090 Ti", 24564, 860, "nvidia", 54.0, 40.0, 1008, 450, 0.22),
        Card("RTX 4080S", 16376, 890, "nvidia", 62.0, 52.2, 736, 320, 0.24),
        Card("RTX 4090", 24564, 890, "nvidia", 98.0, 82.6, 1008, 450, 0.36),
        Card("RTX 5090", 32607, 1200, "nvidia", 165.0, 104.8, 1792, 575, 0.58),
        Card("RTX A4000", 16376, 860, "nvidia", 28.0, 19.2, 448, 140, 0.11),
        Card("RTX A5000", 24564, 860, "nvidia", 41.0, 27.8, 768, 230, 0.21),
        Card("RTX A6000", 49140, 860, "nvidia", 57.0, 38.7, 768, 300, 0.43),
        Card("L40S", 46068, 890, "nvidia", 105.0, 91.6, 864, 350, 0.74),
        Card("A100 PCIE", 40960, 800, "nvidia", 82.0, 19.5, 1555, 250, 0.66),
        Card("A100 SXM4", 81920, 800, "nvidia", 118.0, 19.5, 2039, 400, 0.94),
        Card("H100 SXM", 81559, 900, "nvidia", 320.0, 66.9, 3350, 700, 1.87),
        Card("Tesla T4", 15360, 750, "nvidia", 12.0, 8.1, 320, 70, 0.10),
    )
}

STANDS: tuple[Stand, ...] = (
    Stand("RTX 4090", 101, "Oslo, NO", 940, 0.996),
    Stand("RTX 4090", 101, "Oslo, NO", 905, 0.994, price_factor=1.03),
    Stand("RTX 4090", 102, "Warsaw, PL", 780, 0.991, price_factor=0.94, inet_cost=0.004),
    Stand("RTX 4090", 103, "Quebec, CA", 2300, 0.998, price_factor=1.16, datacenter=True),
    Stand("RTX 4090", 104, "Da Nang, VN", 88, 0.972, price_factor=0.81, inet_cost=0.011),
    Stand("RTX 4090", 105, "Texas, US", 1500, 0.989, num_gpus=2, price_factor=0.98),
    Stand("RTX 3090", 106, "Sofia, BG", 610, 0.993),
    Stand("RTX 3090", 106, "Sofia, BG", 590, 0.992, price_factor=0.97),
    Stand("RTX 3090", 107, "Ontario, CA", 480, 0.985, price_factor=0.9),
    Stand("RTX 3090", 108, "Taipei, TW", 350, 0.988, price_factor=0.86, storage_cost=0.1),
    Stand("RTX 3090", 109, "Utah, US", 820, 0.953, price_factor=0.83),
    Stand("RTX 3090 Ti", 110, "Lyon, FR", 700, 0.99),
    Stand("RTX A5000", 111, "Frankfurt, DE", 1900, 0.997, datacenter=True, inet_cost=0.0),
    Stand("RTX A5000", 112, "Osaka, JP", 930, 0.99),
    Stand("RTX A6000", 113, "Stockholm, SE", 1200, 0.995, storage_cost=0.2),
    Stand("RTX A4000", 114, "Prague, CZ", 520, 0.99),
    Stand("RTX 3060", 115, "Lisbon, PT", 300, 0.98),
    Stand("RTX 4080S", 116, "Vienna, AT", 640, 0.987),
    Stand("RTX 5090", 117, "Washington, US", 2100, 0.993, datacenter=True),
    Stand("RTX 5090", 118, "Seoul, KR", 980, 0.99, price_factor=0.92, days_left=0.2),
    Stand("L40S", 119, "Iceland, IS", 3800, 0.998, datacenter=True, inet_cost=0.0),
    Stand("A100 PCIE", 120, "Amsterdam, NL", 4100, 0.997, datacenter=True, storage_cost=0.2),
    Stand("A100 SXM4", 121, "California, US", 5200, 0.998, datacenter=True),
    Stand("H100 SXM", 121, "California, US", 6100, 0.999, datacenter=True),
    Stand("Tesla T4", 122, "Mumbai, IN", 410, 0.981),
    Stand("RTX 4090", 123, "Bucharest, RO", 720, 0.93, price_factor=0.78, verified=False),
    Stand("RTX 3090", 124, "Ohio, US", 260, 0.96, price_factor=0.74, external=True),
)

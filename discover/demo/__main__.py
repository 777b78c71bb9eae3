from __future__ import annotations

import sys

from discover.demo.server import main

sys.exit(main())

-- The types of events the platform and its modules write themselves, whatever the blueprint. They have no views of their own:
-- each blueprint shows them under its own names.

select events.install('platform', $json$
[
  {
    "title": "Visit",
    "category": "behaviour",
    "about": "customer",
    "needs_customer": false,
    "description": "A visit begins; a page is looked at.",
    "types": [
      {"type": "session_started", "title": "Session started"},
      {"type": "page_view", "title": "Page view"}
    ],
    "required": [],
    "properties": {
      "path": {"type": "string", "description": "Path and query of the page.", "minLength": 1, "maxLength": 2000},
      "title": {"type": "string", "description": "Its title.", "minLength": 1, "maxLength": 500, "x-column": "page_title"},
      "url": {"type": "string", "description": "The page.", "minLength": 1, "maxLength": 2000, "x-column": "page_url"},
      "referrer": {"type": "string", "description": "The page before.", "minLength": 1, "maxLength": 2000, "x-column": "referrer_url"}
    }
  },
  {
    "title": "Product interest",
    "category": "behaviour",
    "about": "customer",
    "needs_customer": false,
    "description": "Products searched for, looked at, put into the cart and taken out.",
    "types": [
      {"type": "products_searched", "title": "Products searched", "required": ["query"]},
      {"type": "product_viewed", "title": "Product viewed", "required": ["product_id"]},
      {"type": "product_added", "title": "Product added", "required": ["product_id"]},
      {"type": "product_removed", "title": "Product removed", "required": ["product_id"]},
      {"type": "checkout_started", "title": "Checkout started"}
    ],
    "required": [],
    "properties": {
      "product_id": {"type": "string", "description": "The product, as the shop numbers it.", "minLength": 1, "maxLength": 100},
      "name": {"type": "string", "description": "Name of the product.", "minLength": 1, "maxLength": 200},
      "category": {"type": "string", "description": "Category of the product.", "minLength": 1, "maxLength": 200},
      "price": {"type": "number", "description": "Price of one piece.", "minimum": 0, "maximum": 999999999999.99},
      "quantity": {"type": "integer", "description": "Pieces.", "minimum": 0, "maximum": 1000000},
      "query": {"type": "string", "description": "Words searched for.", "minLength": 1, "maxLength": 500}
    }
  },
  {
    "title": "Sign-up",
    "category": "lifecycle",
    "about": "customer",
    "needs_customer": false,
    "description": "A visitor becoming somebody we know.",
    "types": [
      {"type": "signed_up", "title": "Signed up"},
      {"type": "newsletter_subscribed", "title": "Newsletter subscribed"}
    ],
    "required": [],
    "properties": {
      "method": {"type": "string", "description": "By what means: checkout, newsletter.", "minLength": 1, "maxLength": 50}
    }
  },
  {
    "title": "Order",
    "category": "transaction",
    "about": "customer",
    "needs_customer": false,
    "description": "A document of commerce, told to the log with its value in the organization's currency: completed counts as a sale, placed does not yet, refunded and adjusted take value away.",
    "types": [
      {"type": "order_placed", "title": "Order placed"},
      {"type": "order_completed", "title": "Order completed"},
      {"type": "order_refunded", "title": "Order refunded"},
      {"type": "order_adjusted", "title": "Order adjusted"}
    ],
    "required": ["order_id"],
    "properties": {
      "order_id": {"type": "string", "description": "Number of the order.", "minLength": 1, "maxLength": 100},
      "status": {"type": "string", "description": "Status of the order.", "minLength": 1, "maxLength": 50},
      "lines": {"type": "integer", "description": "Number of lines.", "minimum": 0},
      "quantity": {"type": "number", "description": "Pieces in all lines."},
      "total": {"type": "number", "description": "Value in the organization's currency.", "multipleOf": 0.01, "x-column": "event_value", "minimum": -999999999999.99, "maximum": 999999999999.99},
      "currency": {"type": "string", "description": "ISO 4217 code of all amounts.", "pattern": "^[A-Z]{3}$", "examples": ["EUR", "USD", "XOF", "INR"], "x-column": "currency"}
    }
  },
  {
    "title": "Control",
    "category": "control",
    "about": "system",
    "needs_customer": false,
    "description": "What changes the meaning of earlier events: readers and derived data follow it.",
    "types": [
      {"type": "import_undone", "title": "Import undone", "required": ["batchId"]}
    ],
    "required": [],
    "properties": {
      "batchId": {"type": "string", "description": "The import that counts no more.", "format": "uuid"}
    }
  }
]
$json$);

// Shows the contract of the gateway that serves this page. A key that was entered is kept in this tab alone.
"use strict";

window.heliographDocs = SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#contract",
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: "list",
  tryItOutEnabled: true,
  persistAuthorization: false,
  // Both would ask other hosts: the checker of documents, and configuration by query parameters.
  validatorUrl: null,
  queryConfigEnabled: false,
});

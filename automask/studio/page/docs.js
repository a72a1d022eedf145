"use strict";
// Shows /openapi.json. The framework's own reader would load scripts from elsewhere.

const made = (kind, text = "") => Object.assign(document.createElement(kind), { textContent: text });

function typeOf(schema, all) {
  if (!schema) return "";
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.anyOf) return schema.anyOf.map((one) => typeOf(one, all)).join(" or ");
  if (schema.type === "array") return `list of ${typeOf(schema.items, all) || "values"}`;
  return schema.contentMediaType || schema.format === "binary" ? "file" : schema.type ?? "";
}

function table(rows) {
  const whole = made("table"), head = made("tr");
  head.append(...["name", "where", "type", "what it is"].map((text) => made("th", text)));
  whole.append(head, ...rows.map((row) => { const line = made("tr"); line.append(...row.map((text) => made("td", text))); return line; }));
  return whole;
}

function fields(name, all) {
  const schema = all.components?.schemas?.[name];
  return Object.entries(schema?.properties ?? {}).map(([key, one]) => [key, (schema.required ?? []).includes(key) ? "body, needed" : "body", typeOf(one, all), one.description ?? ""]);
}

fetch("/openapi.json").then((answer) => answer.json()).then((all) => {
  document.getElementById("about").textContent = `${all.info.description} Version ${all.info.version}.`;
  for (const [path, methods] of Object.entries(all.paths)) for (const [method, about] of Object.entries(methods)) {
    const section = made("section"), title = made("h2");
    title.append(made("b", method), ` ${path}`);
    section.append(title, made("p", about.summary ?? ""));
    const rows = (about.parameters ?? []).map((one) => [one.name, one.in, typeOf(one.schema, all), one.description ?? ""]);
    for (const body of Object.values(about.requestBody?.content ?? {})) if (body.schema?.$ref) rows.push(...fields(body.schema.$ref.split("/").pop(), all));
    if (rows.length) section.append(table(rows));
    const answers = Object.entries(about.responses ?? {}).map(([status, one]) => `${status}: ${typeOf(one.content?.["application/json"]?.schema, all) || one.description}`);
    section.append(made("p", `Answers ${answers.join("; ")}`));
    document.getElementById("all").append(section);
  }
});

using System.Text;
using System.Text.Json;
using Clientele.Platform.Audit;
using Clientele.Platform.Data;
using Clientele.Platform.Permissions;
using Clientele.Platform.Problems;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace Clientele.Platform.Imports;

/// <summary>/api/imports</summary>
internal static class ImportRoutes
{
    public sealed record FieldsView(IReadOnlyList<ImportField> Fields, IReadOnlyList<string> Kinds);

    public sealed record ListView(IReadOnlyList<ImportView> Items);

    private static readonly JsonSerializerOptions indented = new() { WriteIndented = true };

    public static void Map(RouteGroupBuilder imports)
    {
        imports.MapGet("/fields", (string? kind, IEnumerable<IImporter> importers) =>
            new FieldsView(ImportCommands.Importer(importers, kind ?? "orders").Fields, [.. importers.Select(i => i.Kind)]));
        // Any content type: what arrives is looked at, not what it is called.
        imports.MapPost("/", Upload).Requires(Can.Import).Produces<ImportView>(StatusCodes.Status201Created);
        imports.MapGet("/", async (Db db, CancellationToken ct) => new ListView(await ImportView.List(db, $"true", 200, ct)));
        imports.MapGet("/{id:guid}", (Guid id, Db db, CancellationToken ct) => ImportView.Of(db, id, ct));
        imports.MapGet("/{id:guid}/preview", Preview.Show);
        imports.MapPost("/{id:guid}/check", Preview.Check);
        imports.MapPost("/{id:guid}/start", Start).Does("start", "import", "id").Requires(Can.Import).Produces<ImportView>(StatusCodes.Status202Accepted);
        imports.MapPost("/{id:guid}/cancel", Cancel).Does("cancel", "import", "id").Requires(Can.Import).Produces<ImportView>(StatusCodes.Status202Accepted);
        imports.MapPost("/{id:guid}/undo", Undo).Does("undo", "import", "id", "warning").Requires(Can.Import).Produces<ImportView>(StatusCodes.Status202Accepted);
        imports.MapDelete("/{id:guid}", Delete).Does("delete", "import", "id").Requires(Can.Import).Produces(StatusCodes.Status204NoContent);
        imports.MapGet("/{id:guid}/rejects.csv", Rejects).Produces(StatusCodes.Status200OK, contentType: "text/csv");
        imports.MapGet("/{id:guid}/mapping.json", Mapping).Produces(StatusCodes.Status200OK, contentType: "application/json");
    }

    private static async Task<IResult> Upload(string? kind, string? name, HttpContext context, Db db, IEnumerable<IImporter> importers, CancellationToken ct)
    {
        ImportCommands.Importer(importers, kind ?? "orders");
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = ImportReceiver.LargestFile;
        var id = await ImportReceiver.Receive(db, kind ?? "orders", name ?? "file.csv", context.Request.Body, ct);
        return Results.Created($"/api/imports/{id}", await ImportView.Of(db, id, ct));
    }

    private static async Task<IResult> Start(Guid id, JsonElement body, Db db, IEnumerable<IImporter> importers, CancellationToken ct)
    {
        if (body.ValueKind != JsonValueKind.Object) throw Problem.Invalid("mapping", "Send an object with the member \"mapping\".");
        var mapping = Imports.Mapping.Parse(body.TryGetProperty("mapping", out var given) ? given.GetRawText() : string.Empty);
        await ImportCommands.Start(db, importers, id, mapping, ct);
        return Results.Accepted($"/api/imports/{id}", await ImportView.Of(db, id, ct));
    }

    private static async Task<IResult> Cancel(Guid id, Db db, CancellationToken ct)
    {
        await ImportCommands.Cancel(db, id, ct);
        return Results.Accepted($"/api/imports/{id}", await ImportView.Of(db, id, ct));
    }

    private static async Task<IResult> Undo(Guid id, Db db, CancellationToken ct)
    {
        await ImportCommands.Undo(db, id, ct);
        return Results.Accepted($"/api/imports/{id}", await ImportView.Of(db, id, ct));
    }

    private static async Task<IResult> Delete(Guid id, Db db, CancellationToken ct)
    {
        await ImportCommands.Delete(db, id, ct);
        return Results.NoContent();
    }

    private static async Task<IResult> Mapping(Guid id, Db db, CancellationToken ct)
    {
        var import = await ImportView.Of(db, id, ct);
        return import.Mapping is { } mapping
            ? Results.File(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(mapping, indented)), "application/json", "mapping.json")
            : throw new Problem(404, "not_found", "The import has no mapping yet. Start it with one first.");
    }

    private static async Task Rejects(Guid id, HttpContext context, Db db, CancellationToken ct)
    {
        var import = await ImportView.Of(db, id, ct);
        context.Response.ContentType = "text/csv; charset=utf-8";
        context.Response.Headers.ContentDisposition = new System.Net.Mime.ContentDisposition { FileName = $"rejected-{import.Id:N}.csv" }.ToString();
        await RejectedLines.Write(db, id, context.Response.Body, ct);
    }
}

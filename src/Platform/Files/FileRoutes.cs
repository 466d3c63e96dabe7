using Clientele.Platform.Data;
using Clientele.Platform.Permissions;
using Clientele.Platform.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace Clientele.Platform.Files;

/// <summary>/api/files: the organization's own files, which belong to nobody in particular.</summary>
public static class FileRoutes
{
    private static readonly FileKind kind = new("file", "files.max_megabytes");

    internal static void Map(RouteGroupBuilder files)
    {
        files.MapGet("/", (string? before, Db db, FileDesk desk, CancellationToken ct) => desk.Page(db, kind, $"f.kind = {kind.Name}", before, ct));
        files.MapPost("/", Upload).Requires(Can.AddFiles).Produces<FileView>(StatusCodes.Status201Created);
        files.MapGet("/{id:guid}", (Guid id, Db db, FileDesk desk, CancellationToken ct) => desk.Get(db, kind, id, ct));
        files.MapPost("/{id:guid}/link", Link);
        files.MapDelete("/{id:guid}", Delete).Requires(Can.DeleteFiles).Produces(StatusCodes.Status204NoContent);
    }

    /// <summary>The body is the file, whatever its content type.</summary>
    private static async Task<IResult> Upload(string? name, bool? sensitive, HttpContext context, Db db, FileDesk desk, CancellationToken ct)
    {
        var file = await desk.Receive(db, kind, Arriving(context, name, sensitive == true), null, null, ct);
        return Results.Created($"/api/files/{file.Id}", file);
    }

    /// <summary>A request whose body is a file: its size is for the desk to judge.</summary>
    public static Upload Arriving(HttpContext context, string? name, bool sensitive)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = null;
        return new Upload(name, context.Request.ContentType, context.Request.ContentLength, sensitive, context.Request.Body);
    }

    private static async Task<FileLink> Link(Guid id, int? minutes, bool? show, Caller caller, Db db, FileDesk desk, FileLinks links, CancellationToken ct) =>
        await LinkTo(await desk.Get(db, kind, id, ct), null, minutes, show == true, caller, db, desk, links, ct);

    /// <summary>A link to a file that the caller may see; a sensitive one wants a permission of its own. Of that, and of a customer's, the audit trail tells.</summary>
    /// <param name="subject">The customer whose it is.</param>
    public static async Task<FileLink> LinkTo(FileView file, Guid? subject, int? minutes, bool show, Caller caller, Db db, FileDesk desk, FileLinks links, CancellationToken ct)
    {
        if (file.Sensitive) caller.Require(Can.OpenSensitiveFiles);
        var link = await links.Make(db, file, subject, minutes, show, ct);
        // What cannot be recorded is not shown.
        if (file.Sensitive || subject is not null) await desk.Tell(db, "read", file, subject, ct);
        return link;
    }

    private static async Task<IResult> Delete(Guid id, Db db, FileDesk desk, CancellationToken ct)
    {
        await desk.Delete(db, await desk.Get(db, kind, id, ct), null, ct);
        return Results.NoContent();
    }
}

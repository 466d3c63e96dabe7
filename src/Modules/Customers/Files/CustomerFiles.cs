using Clientele.Platform.Data;
using Clientele.Platform.Files;
using Clientele.Platform.Problems;
using Clientele.Platform.Web;
using Microsoft.AspNetCore.Http;

namespace Clientele.Customers.Files;

/// <summary>/api/customers/{id}/files: documents of a customer. They are the person's: those of merged profiles too.</summary>
internal static class CustomerFiles
{
    private static readonly FileKind kind = new("customer_document", "files.max_document_megabytes");

    public static async Task<FileList> List(Guid id, string? before, Db db, FileDesk desk, CancellationToken ct) =>
        await desk.Page(db, kind, Of(await Person(id, db, ct)), before, ct);

    /// <summary>The body is the file, whatever its content type.</summary>
    public static async Task<IResult> Add(Guid id, string? name, bool? sensitive, HttpContext context, Db db, FileDesk desk, CancellationToken ct)
    {
        var person = await Person(id, db, ct);
        var file = await desk.Receive(db, kind, FileRoutes.Arriving(context, name, sensitive == true), person, async (t, file) =>
        {
            // While the file came in, the customer may have been merged or erased. Held, so that it is not while this commits.
            if (await t.Run($"""
                insert into customers.customer_files (organization_id, id, customer_id)
                select c.organization_id, {file}, c.id from customers.customers c
                where c.organization_id = platform.organization() and c.id = customers.person({person}) and c.erased_at is null
                for key share
                """, ct) == 0) throw new Problem(409, "wrong_state", "The customer was erased or merged a moment ago. Nothing was kept; look at the customer again.");
        }, ct);
        return Results.Created($"/api/customers/{person}/files", file);
    }

    /// <summary>A link that opens the document for a while.</summary>
    public static async Task<FileLink> Link(Guid id, Guid file, int? minutes, bool? show, Caller caller, Db db, FileDesk desk, FileLinks links, CancellationToken ct)
    {
        var person = await Person(id, db, ct);
        return await FileRoutes.LinkTo(await One(person, file, db, desk, ct), person, minutes, show == true, caller, db, desk, links, ct);
    }

    public static async Task<IResult> Delete(Guid id, Guid file, Db db, FileDesk desk, CancellationToken ct)
    {
        var person = await Person(id, db, ct);
        await desk.Delete(db, await One(person, file, db, desk, ct), person, ct);
        return Results.NoContent();
    }

    private static async Task<FileView> One(Guid person, Guid file, Db db, FileDesk desk, CancellationToken ct) =>
        await desk.List(db, $"f.id = {file} and {Of(person)}", ct) is [var found] ? found : throw Problem.NotFound("file");

    private static Sql Of(Guid person) =>
        $"f.id in (select c.id from customers.customer_files c where c.organization_id = platform.organization() and c.customer_id = {person})";

    private static async Task<Guid> Person(Guid id, Db db, CancellationToken ct) =>
        await db.Find<Guid?>($"select c.id from customers.customers c where c.organization_id = platform.organization() and c.id = customers.person({id})", ct) ?? throw Problem.NotFound("customer");
}

using System.Globalization;
using System.Text;
using Clientele.Platform.Audit;
using Clientele.Platform.Data;
using Clientele.Platform.Problems;
using Clientele.Platform.Secrets;
using Clientele.Platform.Tenancy;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;

namespace Clientele.Platform.Files;

/// <summary>
/// Links that open a file for a while, for whoever has them: no cookie, no header. Signed by the ring of keys over organization,
/// file, whom it is about, end and whether it is shown or downloaded; a file that goes takes its links along.
/// </summary>
public sealed partial class FileLinks(Databases databases, IFileStore store, KeyRing keys, RecentReads recent, PlatformOptions options, TimeProvider clock, ILogger<FileLinks> logger)
{
    private const int MostMinutes = 24 * 60;

    private readonly Db service = new(databases.Service, Tenant.None);

    private sealed record Row(Guid OrganizationId, Guid Id, string Name, string ContentType, long Bytes, byte[] Sha256, DateTimeOffset CreatedAt, byte[]? SealedKey, bool IsOver);

    /// <summary>Makes a link. Whether the caller may open the file is asked before, and told to the audit trail where it must be.</summary>
    /// <param name="subject">The customer whose it is: opening it is told to the audit trail, sensitive or not.</param>
    /// <param name="minutes">How long it works; null: as long as the setting <c>files.link_minutes</c> says, which is the most.</param>
    /// <param name="show">A picture is shown instead of downloaded.</param>
    /// <exception cref="Problem">The minutes are none.</exception>
    public async Task<FileLink> Make(Db caller, FileView file, Guid? subject, int? minutes, bool show, CancellationToken ct)
    {
        var most = Math.Min(MostMinutes, (int)await caller.One<decimal>($"select platform.setting('files.link_minutes')::numeric", ct));
        if (minutes is < 1 || minutes > most) throw Problem.Invalid("minutes", $"A link works for 1 to {most} minutes here; the setting files.link_minutes says so.");
        var end = clock.GetUtcNow().AddMinutes(minutes ?? most);
        if (file.ExpiresAt < end) end = file.ExpiresAt.Value;
        var expires = end.ToUnixTimeSeconds();
        var (key, signature) = keys.Sign(Signed(caller.Tenant.OrganizationId!.Value, file.Id, subject, expires, show));
        var path = string.Create(CultureInfo.InvariantCulture, $"/files/{file.Id}?expires={expires}{(subject is { } about ? $"&about={about}" : string.Empty)}{(show ? "&show=1" : string.Empty)}&signature={key}.{WebEncoders.Base64UrlEncode(signature)}");
        return new FileLink(path, options.Link(path), DateTimeOffset.FromUnixTimeSeconds(expires));
    }

    private static byte[] Signed(Guid organization, Guid file, Guid? subject, long expires, bool show) =>
        Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"file link\n{organization}\n{file}\n{subject}\n{expires}\n{(show ? 1 : 0)}"));

    /// <summary>GET and HEAD /files/{id}: the bytes. Whatever is wrong with a link but its age has one answer.</summary>
    internal async Task<IResult> Open(Guid id, HttpContext context, CancellationToken ct)
    {
        var query = context.Request.Query;
        var show = query["show"] == "1";
        var subject = Guid.TryParseExact(query["about"], "D", out var about) ? about : (Guid?)null;
        var row = await service.Find<Row>($"""
            select f.organization_id, f.id, f.name, f.content_type, f.bytes, f.sha256, f.created_at, f.sealed_key,
                   o.closed_at is not null or coalesce(f.expires_at <= {clock.GetUtcNow()}, false) as is_over
            from platform.files f
            join platform.organizations o on o.id = f.organization_id
            where f.id = {id}
            """, ct);
        if (row is null || row.IsOver || !long.TryParse(query["expires"], NumberStyles.None, CultureInfo.InvariantCulture, out var expires) || !Signature(query["signature"], out var key, out var signature)
            || keys.Verify(key, Signed(row.OrganizationId, row.Id, subject, expires, show), signature) != true)
            throw new Problem(403, "link_invalid", "This link opens nothing: it is cut short or changed, or the file is gone. Ask for a new one.");
        if (expires <= clock.GetUtcNow().ToUnixTimeSeconds()) throw new Problem(403, "link_expired", "This link has expired. Open the file from where you found the link, or ask for a new one.");

        if ((row.SealedKey is not null || subject is not null) && HttpMethods.IsGet(context.Request.Method)) await Record(row, subject, query["signature"].ToString(), context);
        var stream = await Stream(row, ct);
        // Ours while the answer runs; a connection that breaks off ends it too.
        context.Response.RegisterForDisposeAsync(stream);
        var left = Math.Max(0, expires - clock.GetUtcNow().ToUnixTimeSeconds());
        context.Response.Headers.CacheControl = row.SealedKey is not null ? "private, no-store" : string.Create(CultureInfo.InvariantCulture, $"private, max-age={left}");
        context.Response.Headers.ContentDisposition = Disposition(show && FileTypes.IsPicture(row.ContentType) ? "inline" : "attachment", row.Name);
        return Results.Stream(stream, row.ContentType, lastModified: row.CreatedAt, enableRangeProcessing: true,
            entityTag: row.SealedKey is null ? new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(row.Sha256)}\"") : null);
    }

    private static bool Signature(string? given, out string key, out byte[] signature)
    {
        (key, signature) = (string.Empty, []);
        if (given is not { Length: > 9 and <= 100 } || given.IndexOf('.', StringComparison.Ordinal) is not (> 0 and var dot)) return false;
        key = given[..dot];
        try { signature = WebEncoders.Base64UrlDecode(given[(dot + 1)..]); }
        catch (FormatException) { return false; }
        return signature.Length == 32;
    }

    // Both forms of the name: as it is, and for what reads only ASCII.
    private static string Disposition(string kind, string name)
    {
        var header = new ContentDispositionHeaderValue(kind);
        header.SetHttpFileName(name);
        return header.ToString();
    }

    // The link tells who asked for it; this tells that it was used, and from where. What cannot be recorded is not shown.
    private async Task Record(Row row, Guid? subject, string link, HttpContext context) =>
        await recent.Once(row.Id, row.OrganizationId, "file", link, () =>
            new Db(databases.Application, Tenant.System(row.OrganizationId) with { Request = RequestFacts.Of(context) })
                .One<Guid>($"select platform.audit('read', 'file', {row.Id.ToString()}, 'By a signed link', subject_id => {subject}, severity => {(row.SealedKey is null ? "info" : "warning")})", context.RequestAborted));

    private async Task<Stream> Stream(Row row, CancellationToken ct)
    {
        Stream? stored;
        try { stored = await store.Open(FileDesk.KeyOf(row.OrganizationId, row.Id), ct); }
        catch (FileStoreException e)
        {
            LogAway(e);
            throw FileDesk.Away();
        }
        if (stored is null)
        {
            LogLost(row.Id, row.OrganizationId);
            throw new Problem(410, "file_lost", "The bytes of this file are not in the store any more. Whoever runs this server can put them back from a backup.");
        }
        if (stored.Length != (row.SealedKey is null ? row.Bytes : SealedFile.StoredBytes(row.Bytes)))
        {
            LogDamaged(row.Id, row.OrganizationId, stored.Length);
            await stored.DisposeAsync();
            throw new Problem(410, "file_damaged", "The bytes of this file in the store are not all that was uploaded. Whoever runs this server can put them back from a backup.");
        }
        if (row.SealedKey is null) return stored;
        var key = keys.Open(FileDesk.Purpose(row.OrganizationId, row.Id), row.SealedKey);
        if (key is not null) return new OpeningStream(stored, key, row.Bytes);
        await stored.DisposeAsync();
        throw new Problem(409, "key_missing", $"The file was encrypted with a key that this server does not have. Give it the key ({KeyRing.Variable}, or the file \"keys\" of the data folder).");
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The store of files does not answer")]
    private partial void LogAway(Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "The bytes of file {Id} of organization {Organization} in the store are {Length}, which is not what was uploaded")]
    private partial void LogDamaged(Guid id, Guid organization, long length);

    [LoggerMessage(Level = LogLevel.Error, Message = "The bytes of file {Id} of organization {Organization} are not in the store")]
    private partial void LogLost(Guid id, Guid organization);
}

using System.Security.Cryptography;
using Clientele.Platform.Data;
using Clientele.Platform.Problems;
using Clientele.Platform.Secrets;
using Clientele.Platform.Tenancy;
using Clientele.Platform.Web;
using Microsoft.Extensions.Logging;

namespace Clientele.Platform.Files;

/// <summary>
/// Takes files in, lists and deletes them, for whoever owns them. Whether the caller may is the endpoint's to ask, before.
/// A file is its bytes in the store and its row: first the bytes, then the row, and the other way round when it goes.
/// </summary>
public sealed partial class FileDesk(Databases databases, IFileStore store, KeyRing keys, ILogger<FileDesk> logger)
{
    private const int PageRows = 100;

    /// <summary>Links and clearing up find them by this name.</summary>
    internal static string KeyOf(Guid organization, Guid id) => $"{organization}/{id}";

    internal static string Purpose(Guid organization, Guid id) => $"file/{organization}/{id}";

    /// <summary>How the files' keys are encrypted anew; the files themselves stay as they are.</summary>
    internal static SealedColumn Column { get; } = new("platform.files.sealed_key",
        $"select f.organization_id, f.id, 'file/' || f.organization_id || '/' || f.id as purpose, f.sealed_key as secret from platform.files f where f.sealed_key is not null",
        (row, closed) => $"update platform.files f set sealed_key = {closed} where f.organization_id = {row.OrganizationId} and f.id = {row.Id} and f.sealed_key = {row.Secret}");

    private sealed record Limits(decimal Largest, decimal Total, long Used);

    /// <summary>The platform on the caller's behalf: what it writes is in their name, and of their organization.</summary>
    private Db Own(Db caller) => new(databases.Application, caller.Tenant with { Access = Access.System });

    /// <summary>Takes in a file as it streams. What is refused, or breaks off, leaves nothing.</summary>
    /// <param name="caller">For whose organization.</param>
    /// <param name="subject">The customer whose it is, for the audit trail.</param>
    /// <param name="own">Writes the owner's row for a file of this id, in the same transaction; null: the organization's own.</param>
    /// <exception cref="Problem"><c>file_empty</c>, <c>file_type_refused</c>, <c>file_type_differs</c>, <c>too_large</c>, <c>files_full</c>, <c>files_away</c>.</exception>
    public async Task<FileView> Receive(Db caller, FileKind kind, Upload upload, Guid? subject, Func<Transaction, Guid, Task>? own, CancellationToken ct)
    {
        var (db, organization, id) = (Own(caller), caller.Tenant.OrganizationId!.Value, Guid.CreateVersion7());
        var limits = await LimitsOf(db, kind, ct);
        var (largest, room) = ((long)(limits.Largest * 1_000_000), (long)(limits.Total * 1_000_000) - limits.Used);
        if (upload.Length > largest) throw ArrivingFile.TooLarge(largest);
        if ((upload.Length ?? 1) > room) throw Full(limits);
        var name = FileTypes.CleanName(upload.Name);
        await using var file = await ArrivingFile.Look(upload.Body, name, upload.ClaimedType, largest, ct);
        var key = upload.Sensitive ? RandomNumberGenerator.GetBytes(SealedFile.KeyBytes) : null;
        var committing = false;
        try
        {
            await Put(KeyOf(organization, id), file, key, ct);
            if (file.Count > room) throw Full(limits);
            await db.InTransaction(async t =>
            {
                await t.Run($"""
                    insert into platform.files (organization_id, id, kind, name, content_type, bytes, sha256, is_sensitive, sealed_key, uploaded_by, expires_at)
                    values ({organization}, {id}, {kind.Name}, {name}, {file.Type}, {file.Count}, {file.Hash()}, {upload.Sensitive},
                            {(key is null ? null : keys.Close(Purpose(organization, id), key))}, {caller.Tenant.ActorId}, {upload.ExpiresAt})
                    """, ct);
                if (own is not null) await own(t, id);
                await Tell(t, "create", new FileView(id, name, file.Type, file.Count, upload.Sensitive, null, default, null), subject, ct);
                // Last: whoever waits for a customer that is being erased must not hold up all other uploads meanwhile.
                await t.One<long>($"select platform.take('files.bytes', '', {(long)(limits.Total * 1_000_000)}, {file.Count})", ct);
                committing = true;
            }, ct);
        }
        catch
        {
            // A commit whose answer was lost may have happened: then the bytes are its. If it has not, the sweep finds them.
            if (committing) throw;
            // Not ct: when the sender hangs up, what arrived must go all the same. What cannot be removed now, the sweep finds later.
            try { await store.Delete(KeyOf(organization, id), CancellationToken.None); }
            catch (FileStoreException e) { LogLeft(e, id); }
            throw;
        }
        finally { if (key is not null) CryptographicOperations.ZeroMemory(key); }
        return (await List(caller, $"f.id = {id}", ct))[0];
    }

    private async Task Put(string name, ArrivingFile file, byte[]? key, CancellationToken ct)
    {
        try
        {
            if (key is null) await store.Put(name, file, ct);
            else
            {
                await using var sealing = new SealingStream(file, key);
                await store.Put(name, sealing, ct);
            }
        }
        catch (FileStoreException e)
        {
            LogAway(e);
            throw Away();
        }
    }

    // What a file of a kind may have, in bytes.
    private async Task<long> Largest(Db caller, FileKind kind, CancellationToken ct) => (long)((await LimitsOf(Own(caller), kind, ct)).Largest * 1_000_000);

    private static Task<Limits> LimitsOf(Db db, FileKind kind, CancellationToken ct) => db.One<Limits>($"""
        select platform.setting({kind.Limit})::numeric as largest, platform.setting('files.total_megabytes')::numeric as total,
               coalesce((select c.used from platform.usage_counters c
                         where c.organization_id = platform.organization() and c.limit_name = 'files.bytes' and c.subject = '' and c.period = '-infinity'), 0) as used
        """, ct);

    /// <param name="caller">For whose organization.</param>
    /// <param name="which">A condition on <c>f</c>, rows of <c>platform.files</c>.</param>
    /// <returns>The newest first, at most as many as a page has.</returns>
    public Task<List<FileView>> List(Db caller, Sql which, CancellationToken ct) => Own(caller).List<FileView>($"""
        select f.id, f.name, f.content_type, f.bytes, f.is_sensitive as sensitive, u.name as uploaded_by, f.created_at, f.expires_at
        from platform.files f
        left join platform.platform_users u on u.id = f.uploaded_by
        where f.organization_id = platform.organization() and (f.expires_at is null or f.expires_at > now()) and {which}
        order by f.created_at desc, f.id desc
        limit {PageRows}
        """, ct);

    /// <summary>A page of the list, the newest first.</summary>
    /// <param name="before">Where the page before ended; null: the first.</param>
    /// <exception cref="Problem">The cursor is none.</exception>
    public async Task<FileList> Page(Db caller, FileKind kind, Sql which, string? before, CancellationToken ct)
    {
        // Before everything there is: the first page.
        var (time, last) = before is null ? (DateTimeOffset.MaxValue, Guid.Empty) : Cursor.Read(before);
        var files = await List(caller, $"{which} and (f.created_at, f.id) < ({time}, {last})", ct);
        return new FileList(files, await Largest(caller, kind, ct), files.Count == PageRows ? Cursor.Write(files[^1].CreatedAt, files[^1].Id) : null);
    }

    /// <summary>The one of a kind.</summary>
    /// <exception cref="Problem"><c>not_found</c></exception>
    public async Task<FileView> Get(Db caller, FileKind kind, Guid id, CancellationToken ct) =>
        (await List(caller, $"f.id = {id} and f.kind = {kind.Name}", ct)) is [var file] ? file : throw Problem.NotFound("file");

    /// <summary>Deletes a file. Links to it end at once; its bytes go a moment later.</summary>
    /// <param name="subject">The customer whose it is, for the audit trail.</param>
    public Task Delete(Db caller, FileView file, Guid? subject, CancellationToken ct) => Own(caller).InTransaction(async t =>
    {
        // Gone meanwhile: somebody else's entry says so.
        if (await t.Run($"delete from platform.files f where f.organization_id = platform.organization() and f.id = {file.Id}", ct) == 0) throw Problem.NotFound("file");
        await Tell(t, "delete", file, subject, ct);
    }, ct);

    /// <summary>An entry of the audit trail about a file. Its name is a value: an erasure empties it.</summary>
    public static Task Tell(Transaction t, string act, FileView file, Guid? subject, CancellationToken ct) => t.One<Guid>($"""
        select platform.audit({act}, 'file', {file.Id.ToString()}, subject_id => {subject},
            new_values => jsonb_build_object('name', {file.Name}, 'contentType', {file.ContentType}, 'bytes', {file.Bytes}, 'sensitive', {file.Sensitive}),
            severity => {(file.Sensitive || act == "delete" ? "warning" : "info")})
        """, ct);

    /// <inheritdoc cref="Tell(Transaction, string, FileView, Guid?, CancellationToken)"/>
    public Task Tell(Db caller, string act, FileView file, Guid? subject, CancellationToken ct) => Own(caller).InTransaction(t => Tell(t, act, file, subject, ct), ct);

    private static Problem Full(Limits limits) => new(409, "files_full",
        $"The organization's files have {limits.Used / 1_000_000m:0.#} of {limits.Total:0} MB together, and this one does not fit. Delete some, or ask an administrator to raise the limit in the settings.");

    internal static Problem Away() => new(503, "files_away", "The store of files does not answer or is full. Try again in a minute; if it stays so, tell whoever runs this server.") { RetryAfter = TimeSpan.FromSeconds(60) };

    [LoggerMessage(Level = LogLevel.Error, Message = "The store of files refused a file")]
    private partial void LogAway(Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "What arrived of the refused file {Id} could not be removed; the sweep does it")]
    private partial void LogLeft(Exception exception, Guid id);
}

using Clientele.Platform.Data;
using Clientele.Platform.Health;
using Clientele.Platform.PrivatePostgres;
using Clientele.Platform.Problems;
using Clientele.Platform.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Clientele.Platform.Backups;

/// <summary>/api/backups: what an operator sees of backups and may start. Restoring is done at the command line, where every node is stopped.</summary>
internal static class BackupRoutes
{
    /// <param name="Enabled">This node makes backups.</param>
    /// <param name="DailyAt">When one is made each day, as <c>02:30</c> in UTC; null: only when somebody asks.</param>
    /// <param name="Next">The next daily time.</param>
    /// <param name="Newest">When the newest whole one was begun; null: there is none.</param>
    /// <param name="Running">What is at work now.</param>
    /// <param name="Archive">For point-in-time recovery, of the node that answers; null: it keeps none.</param>
    public sealed record View(bool Enabled, string? DailyAt, int KeepDays, int TestDays, DateTimeOffset? Next, DateTimeOffset? Newest, Running? Running, ArchiveStatus? Archive, IReadOnlyList<Backup> Items, IReadOnlyList<Attempt> Failures);

    /// <param name="Kind"><c>backup</c>, or <c>test</c>: a restore on trial.</param>
    /// <param name="Bytes">Written so far.</param>
    /// <param name="ExpectedBytes">How many the one before had; null when there was none.</param>
    public sealed record Running(string Kind, string? Name, string Node, string? AskedBy, DateTimeOffset StartedAt, long Bytes, long? ExpectedBytes);

    /// <param name="Lost">Stored files that are not in it, since their bytes were lost already; null: none.</param>
    /// <param name="Here">It lies on the node that answers; otherwise on <c>Node</c>.</param>
    /// <param name="CopiedAt">When it was copied to the storage elsewhere; null: it was not.</param>
    /// <param name="CopyProblem">Why not, when that was tried.</param>
    /// <param name="Test">Its last restore on trial; null: none yet.</param>
    public sealed record Backup(string Name, DateTimeOffset StartedAt, double Seconds, long Bytes, long Rows, LostFiles? Lost, string Node, bool Here, string? AskedBy, DateTimeOffset? CopiedAt, string? CopyProblem, Test? Test);

    public sealed record Test(DateTimeOffset StartedAt, double Seconds, bool Passed, string? Problem, IReadOnlyList<Checked> Checks);

    /// <summary>A backup that failed.</summary>
    public sealed record Attempt(DateTimeOffset StartedAt, string Node, string? AskedBy, string Problem);

    private sealed record Reported(IReadOnlyList<Checked>? Checks);

    public static void Map(RouteGroupBuilder backups)
    {
        backups.MapGet("/", See);
        backups.MapPost("/", Start).Produces<View>(StatusCodes.Status202Accepted);
        backups.MapPost("/{name}/test", Try).Produces<View>(StatusCodes.Status202Accepted);
    }

    private static async Task<View> See(BackupWorker worker, Caller caller, Databases databases, TimeProvider clock, CancellationToken ct)
    {
        await Operators.Require(caller, databases, ct);
        return await List(worker, clock, ct);
    }

    private static async Task<View> List(BackupWorker worker, TimeProvider clock, CancellationToken ct)
    {
        var entries = await worker.Records.List(ct);
        var options = worker.Options;
        HashSet<string> here = options is null ? [] : BackupFolder.List(options.Folder).Select(b => b.Name).ToHashSet(StringComparer.Ordinal);
        var tests = entries.Where(e => e is { Kind: "test", State: "complete" or "failed", Name: not null }).ToLookup(e => e.Name!, StringComparer.Ordinal);
        // What a machine that is gone had made is gone with it, at the latest after its days.
        var whole = entries.Where(e => e is { Kind: "backup", State: "complete", Name: not null } && (here.Contains(e.Name) || options is null || e.StartedAt > clock.GetUtcNow().AddDays(-options.KeepDays - 1))).ToList();
        var running = entries.FirstOrDefault(e => e.State == "running");
        return new View(options is not null, options?.At?.ToString("HH:mm", System.Globalization.CultureInfo.InvariantCulture), options?.KeepDays ?? 0, options?.TestDays ?? 0,
            worker.Slot()?.AddDays(1), whole.FirstOrDefault()?.StartedAt,
            running is null ? null : new Running(running.Kind, running.Name, running.Node, running.AskedBy, running.StartedAt, running.Bytes, whole.FirstOrDefault()?.Bytes),
            worker.Archive,
            [.. whole.Select(e => new Backup(e.Name!, e.StartedAt, Seconds(e), e.Bytes, e.RowCount ?? 0, e.LostFiles == 0 ? null : new LostFiles(e.LostFiles, e.LostSome), e.Node, here.Contains(e.Name!), e.AskedBy, e.CopiedAt, e.CopyError, tests[e.Name!].Select(TestOf).FirstOrDefault()))],
            [.. entries.Where(e => e is { Kind: "backup", State: "failed" } && e.StartedAt > clock.GetUtcNow().AddDays(-30)).Take(20).Select(e => new Attempt(e.StartedAt, e.Node, e.AskedBy, e.Problem ?? string.Empty))]);
    }

    private static async Task<IResult> Start(BackupWorker worker, Caller caller, Databases databases, Db db, TimeProvider clock, CancellationToken ct)
    {
        await Operators.Require(caller, databases, ct);
        Require(worker);
        if (!await worker.Ask(await NameOf(caller, db, ct), ct)) throw AtWork();
        await db.Run($"select platform.audit('create', 'backup', description => 'Asked for a backup of the installation.')", ct);
        return Results.Accepted("/api/backups", await List(worker, clock, ct));
    }

    private static async Task<IResult> Try(string name, BackupWorker worker, Caller caller, Databases databases, Db db, TimeProvider clock, CancellationToken ct)
    {
        await Operators.Require(caller, databases, ct);
        Require(worker);
        var backup = BackupFolder.List(worker.Options!.Folder).FirstOrDefault(b => b.Name == name) ?? throw Problem.NotFound("backup on this node");
        if (!await worker.AskTrial(backup, await NameOf(caller, db, ct), ct)) throw AtWork();
        await db.Run($"select platform.audit('execute', 'backup', {name}, 'Asked for a backup to be restored on trial.')", ct);
        return Results.Accepted("/api/backups", await List(worker, clock, ct));
    }

    private static Task<string> NameOf(Caller caller, Db db, CancellationToken ct) =>
        db.One<string>($"select coalesce((select u.name from platform.platform_users u where u.id = {caller.UserId}), '')", ct);

    private static void Require(BackupWorker worker)
    {
        if (worker.Options is null) throw new Problem(409, "backups_off", "This node makes no backups. Start it with the command serve, or ask another node.");
    }

    private static Problem AtWork() => new(409, "backup_running", "A backup is being made or tested at this moment. Wait for it to end.");

    private static double Seconds(BackupRecords.Entry e) => ((e.EndedAt ?? e.StartedAt) - e.StartedAt).TotalSeconds;

    private static Test TestOf(BackupRecords.Entry e)
    {
        var checks = System.Text.Json.JsonSerializer.Deserialize<Reported>(e.Report, ApiJson.Options)?.Checks;
        return new Test(e.StartedAt, Seconds(e), e.State == "complete", e.Problem, checks ?? []);
    }
}

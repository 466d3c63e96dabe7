using System.Globalization;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Clientele.Platform.PrivatePostgres;

/// <summary>
/// Takes the private PostgreSQL back to a moment: from a base copy and the archived log, in a folder beside the present one,
/// which takes its place only after it was looked at. The present one is kept.
/// </summary>
public static class PointInTime
{
    private const string Recovering = "postgres.recovering", Before = ".before-", BeforeInside = "before-";

    /// <summary>Between what moments one can choose; null: nothing is archived, or no base copy is there yet.</summary>
    /// <param name="dataFolder">The data folder.</param>
    /// <param name="archive">As the server has it.</param>
    public static (DateTimeOffset From, DateTimeOffset To)? Window(string dataFolder, ArchiveOptions archive)
    {
        var copies = Files(DataFolder.At(dataFolder), archive, null!).List();
        return copies.Count == 0 ? null : (copies[0].EndedAt, TimeProvider.System.GetUtcNow());
    }

    /// <summary>Moments in the window that cannot be gone back to, since nothing was archived then.</summary>
    /// <param name="dataFolder">The data folder.</param>
    /// <param name="archive">As the server has it.</param>
    public static IReadOnlyList<(DateTimeOffset From, DateTimeOffset? To)> Gaps(string dataFolder, ArchiveOptions archive) => Files(DataFolder.At(dataFolder), archive, null!).Gaps();

    /// <summary>Recovers, looks, and takes the present one's place.</summary>
    /// <param name="options">With an archive. No server may run on the folder; PostgreSQL's present folder may be lost.</param>
    /// <param name="at">Everything committed up to this moment is there afterwards, and nothing that came later. Null: everything the archive has.</param>
    /// <param name="look">Is given the recovered server, to the superuser; false: it is not to take the place.</param>
    /// <param name="tell">Hears how far it is.</param>
    /// <param name="logger">For what PostgreSQL does.</param>
    /// <param name="ct">Stops it; nothing has changed then.</param>
    /// <returns>Where the present one was put, empty when there was none; null: it stayed, since the recovered one did not pass.</returns>
    /// <exception cref="PrivatePostgresException">The moment lies outside the window, or something is missing; the message says what.</exception>
    public static async Task<string?> Recover(PrivatePostgresOptions options, DateTimeOffset? at, Func<string, Task<bool>> look, Action<string> tell, ILogger logger, CancellationToken ct)
    {
        var archive = options.Archive ?? throw new PrivatePostgresException("Nothing is archived here: set CLIENTELE_ARCHIVE to a size such as 20GB for the next time.");
        var present = await (await Cluster.Plan(options, logger, ct)).Claim(ct);
        using var folderLock = await DataFolderLock.Take(present.Folder, ct);
        // What is finished by half comes first: the archive it put aside is not the one to look into.
        await Finish(present.Folder, present.Account, ct);
        var files = Files(present.Folder, archive, present.Account);
        var there = present.Folder.ClusterMajor() is not null;
        if (there && await present.SystemIdentifier(ct) is { } system) files.RefuseForeign(system);
        var copy = Choose(files, at);
        var drained = false;
        if (!there) tell("There is no PostgreSQL in the data folder: what the archive has is used alone");
        else if (await Drain(present, logger, ct) is { } silent) tell($"PostgreSQL's present folder cannot be started ({silent}); its log is used as far as it is there");
        else drained = true;
        RefuseGap(files, copy, at, present.Folder.Cluster, tell);
        tell($"taking the copy of {copy.EndedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC, and {(at is { } until ? $"the log up to {until.UtcDateTime:yyyy-MM-dd HH:mm:ss.###} UTC" : "all of the log after it")}");
        present.MakePassword();
        var recovering = await Unpack(present, files, copy, ct);
        recovering.Extra = Targets(recovering, at);
        await recovering.Prepare(ct);
        Postmaster postmaster;
        try { postmaster = await recovering.Start(ct); }
        catch (PrivatePostgresException e)
        {
            await recovering.RemoveSocketFolder();
            throw new PrivatePostgresException($"The moment could not be reached, and nothing was changed. {(drained || at is null ? "" : "Perhaps nothing was written after it; what came last is reached by --at latest. ")}{e.Message}", e);
        }
        bool passed;
        try
        {
            await recovering.KeepPassword(ct);
            passed = await look(recovering.ConnectionString);
        }
        finally
        {
            NpgsqlConnection.ClearAllPools();
            await recovering.Stop(postmaster);
            await recovering.RemoveSocketFolder();
        }
        if (!passed) return null;
        var stamp = TimeProvider.System.GetUtcNow().UtcDateTime.ToString("yyyyMMddHHmmss", CultureInfo.InvariantCulture);
        // From here on it is finished, by the next start if need be.
        present.Folder.WriteSecret(Journal(present.Folder), $"{stamp}\n{files.Folder}\n");
        await Finish(present.Folder, present.Account, ct);
        return there ? present.Folder.Cluster + Before + stamp : string.Empty;
    }

    /// <summary>Folders that earlier recoveries have put aside, or left when they were cut short. No recovery may be at work.</summary>
    public static IReadOnlyList<string> Old(string dataFolder, ArchiveOptions? archive)
    {
        var (folder, aside) = (DataFolder.At(dataFolder), new List<string>());
        var place = ArchiveFolder(folder, archive);
        if (Directory.Exists(folder.Root)) aside.AddRange(Directory.EnumerateDirectories(folder.Root, "postgres" + Before + "*"));
        if (Directory.Exists(Path.Combine(folder.Root, Recovering)) && !File.Exists(Journal(folder))) aside.Add(Path.Combine(folder.Root, Recovering));
        if (Directory.Exists(place)) aside.AddRange(Directory.EnumerateDirectories(place, BeforeInside + "*"));
        return [.. aside.Order(StringComparer.Ordinal)];
    }

    /// <summary>Removes them.</summary>
    public static async Task Forget(IEnumerable<string> old, CancellationToken ct)
    {
        foreach (var folder in old) await Command.Run("rm", ["-rf", "--", folder], ct);
    }

    internal static string ArchiveFolder(DataFolder folder, ArchiveOptions? archive) => archive?.Folder ?? Path.Combine(folder.Root, "archive");

    internal static ArchiveFiles Files(DataFolder folder, ArchiveOptions archive, ServerAccount account) => new(ArchiveFolder(folder, archive), account, archive.MostWaiting);

    /// <summary>Takes the present one's place, or goes on doing so after it was cut short: each step finds out whether it was done.</summary>
    internal static async Task Finish(DataFolder folder, ServerAccount account, CancellationToken ct)
    {
        if (!File.Exists(Journal(folder))) return;
        var lines = await File.ReadAllLinesAsync(Journal(folder), ct);
        var (stamp, archive) = (lines[0], lines[1]);
        var fresh = Path.Combine(folder.Root, Recovering);
        if (Directory.Exists(fresh))
        {
            if (Directory.Exists(folder.Cluster)) Directory.Move(folder.Cluster, folder.Cluster + Before + stamp);
            Directory.Move(fresh, folder.Cluster);
        }
        // The window begins anew: the archive of before leads to moments that this server never had. Put aside within its folder,
        // which may be a disk of its own; whose it is goes last, since the next start writes it anew.
        const string Script = """
            [ -d "$1" ] || exit 0
            cd -- "$1" && mkdir -p -m 700 -- "$2" || exit 1
            for each in base wal system; do [ ! -e "$each" ] || mv -- "$each" "$2/" || exit 1; done
            sync . "$2"
            """;
        var moved = await account.Shell(Script, [archive, BeforeInside + stamp], ct);
        if (!moved.Succeeded) throw new PrivatePostgresException($"The archive of before the recovery could not be put aside in {archive}, and the next start tries again: {moved.Error.ReplaceLineEndings(" ").Trim()}");
        File.Delete(Journal(folder));
    }

    private static string Journal(DataFolder folder) => Path.Combine(folder.Root, "restore.journal");

    private static BaseCopy Choose(ArchiveFiles files, DateTimeOffset? at)
    {
        var copies = files.List();
        if (copies.Count == 0) throw new PrivatePostgresException($"There is no base copy in {files.Folder} yet: the first is taken as soon as the server runs.");
        if (at is null) return copies[^1];
        var now = TimeProvider.System.GetUtcNow();
        if (at < copies[0].EndedAt || at > now)
            throw new PrivatePostgresException($"That moment cannot be gone back to. Choose one from {copies[0].EndedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC to {now.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC; nothing was changed.");
        return copies.Last(c => c.EndedAt <= at);
    }

    // PostgreSQL would replay up to the hole and then give up, after hours perhaps.
    private static void RefuseGap(ArchiveFiles files, BaseCopy copy, DateTimeOffset? at, string present, Action<string> tell)
    {
        if (files.BreaksOff(copy, present) is not { } end || at <= end) return;
        var next = files.List().FirstOrDefault(c => c.EndedAt > copy.EndedAt);
        if (at is null) tell($"after {end.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC nothing was archived for a while: that is as far as it goes");
        else throw new PrivatePostgresException($"That moment cannot be gone back to: nothing was archived from {end.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC to {(next is null ? "now" : $"{next.EndedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC")}. Choose one before or after; nothing was changed.");
    }

    // The last that was written must be in the log with something after it: PostgreSQL stops at the first commit past the moment,
    // and takes its absence for a log that is incomplete. Null: it went well.
    private static async Task<string?> Drain(Cluster present, ILogger logger, CancellationToken ct)
    {
        Postmaster? postmaster = null;
        try
        {
            await present.Prepare(ct);
            postmaster = await present.AdoptOrStop(ct) ?? await present.Start(ct);
            await using var connection = new NpgsqlConnection(present.ConnectionString + ";Pooling=false");
            await connection.OpenAsync(ct);
            await using var last = new NpgsqlCommand("begin; select pg_current_xact_id(); commit; select pg_switch_wal()", connection);
            await last.ExecuteNonQueryAsync(ct);
            return null;
        }
        catch (Exception e) when (e is PrivatePostgresException or NpgsqlException)
        {
            logger.DidNotStartAgain(e.Message, 0);
            return e.Message;
        }
        finally
        {
            if (postmaster is not null) await present.Stop(postmaster);
            await present.RemoveSocketFolder();
        }
    }

    private static async Task<Cluster> Unpack(Cluster present, ArchiveFiles files, BaseCopy copy, CancellationToken ct)
    {
        var fresh = Path.Combine(present.Folder.Root, Recovering);
        await Command.Run("rm", ["-rf", "--", fresh], ct);
        if (!await present.Account.TakeFolder(fresh, ct)) throw new PrivatePostgresException($"{fresh} cannot be made.");
        const string Script = """
            set -e; umask 077
            tar -xzf "$1/base.tar.gz" -C "$2"; tar -xzf "$1/pg_wal.tar.gz" -C "$2/pg_wal"; cp "$1/backup_manifest" "$2/"
            "$3" -n -q "$2"
            rm -f "$2"/clientele-archive.gap*; touch "$2/recovery.signal"
            printf 'local all all trust\n' > "$2/clientele-recovery.hba"; cat > "$2/clientele-restore.sh"
            """;
        var unpacked = await present.Account.Shell(Script, [Path.Combine(files.Bases, copy.Name), fresh, Path.Combine(present.Binaries.Folder, "pg_verifybackup")], ct, files.RestoreText(present.Folder.Cluster));
        if (!unpacked.Succeeded) throw new PrivatePostgresException($"The base copy {copy.Name} is damaged or does not fit on the disk, and nothing was changed: {unpacked.Error.ReplaceLineEndings(" ").Trim()}");
        return present.Beside(Recovering);
    }

    private static string[] Targets(Cluster cluster, DateTimeOffset? at) =>
    [
        "-c", $"restore_command=sh {ArchiveFiles.RestoreScript} %f %p",
        .. at is { } moment ? ["-c", $"recovery_target_time={moment.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture)}+00"] : Array.Empty<string>(),
        "-c", "recovery_target_action=promote", "-c", "recovery_target_timeline=current", "-c", "hot_standby=off", "-c", "archive_mode=off",
        // Nobody else can enter the folder of its socket.
        "-c", $"hba_file={Path.Combine(cluster.Folder.Cluster, "clientele-recovery.hba")}",
    ];
}

using System.Globalization;
using System.Text.Json;
using Npgsql;

namespace Clientele.Platform.PrivatePostgres;

/// <summary>Where PostgreSQL's log is archived for point-in-time recovery, and how large that may grow.</summary>
/// <param name="Folder">Base copies and segments of the log; null: <c>archive</c> in the data folder.</param>
/// <param name="LimitBytes">All of it together. The window of moments that can be gone back to is as long as fits.</param>
public sealed record ArchiveOptions(string? Folder, long LimitBytes)
{
    /// <summary>So many segments (of 16 MB) may wait for an archive that takes none, before they are given up and the disk is saved.</summary>
    internal int MostWaiting { get; init; } = 64;

    /// <summary>How often the archive is looked after while PostgreSQL runs, by whatever command.</summary>
    internal TimeSpan Every { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Below this a single base copy of an empty installation and an hour's log would not fit.</summary>
    public const long LeastBytes = 256L << 20;

    /// <summary><c>CLIENTELE_ARCHIVE</c>: a size such as <c>20GB</c>, or <c>off</c>; <c>CLIENTELE_ARCHIVE_FOLDER</c>: another folder or disk.</summary>
    /// <returns>Null: nothing is archived.</returns>
    /// <exception cref="Migrations.SetupException">The variable is not what it must be.</exception>
    public static ArchiveOptions? FromEnvironment()
    {
        var word = PlatformOptions.Word("CLIENTELE_ARCHIVE");
        if (word is null or "off") return null;
        var unit = word.Length > 2 ? word[^2..] : string.Empty;
        var factor = unit switch { "MB" => 1L << 20, "GB" => 1L << 30, "TB" => 1L << 40, _ => 0 };
        if (factor == 0 || !long.TryParse(word[..^2], NumberStyles.None, CultureInfo.InvariantCulture, out var size) || size > long.MaxValue / factor || size * factor < LeastBytes)
            throw new Migrations.SetupException($"CLIENTELE_ARCHIVE is \"{word}\"; it must be how large the archive may grow, such as 20GB (256MB at least), or off.");
        return new ArchiveOptions(PlatformOptions.Word("CLIENTELE_ARCHIVE_FOLDER") is { } folder ? Path.GetFullPath(folder) : null, size * factor);
    }
}

/// <summary>How the archive stands.</summary>
/// <param name="From">The earliest moment that can be gone back to; null before the first base copy.</param>
/// <param name="To">Everything up to here is archived; what came after is still in PostgreSQL's own folder.</param>
/// <param name="Bytes">What it takes up.</param>
/// <param name="Problem">Why the window is not what it should be, and what to do; null: all is well.</param>
public sealed record ArchiveStatus(string Folder, DateTimeOffset? From, DateTimeOffset? To, long Bytes, long LimitBytes, string? Problem);

/// <summary>A copy of PostgreSQL's files, from which the archived log leads to any later moment.</summary>
/// <param name="Name">Of its folder.</param>
/// <param name="EndedAt">The first moment it leads to.</param>
/// <param name="FirstSegment">The segment of the log it begins with, without its timeline.</param>
/// <param name="System">PostgreSQL's identifier of the cluster it is a copy of.</param>
internal sealed record BaseCopy(string Name, DateTimeOffset EndedAt, string FirstSegment, string? System = null);

/// <summary>
/// The archive's files: <c>base/</c>, a folder for each base copy, <c>wal/</c>, compressed segments of the log, and <c>system</c>,
/// the identifier of the cluster they are of. Whatever else the folder holds is left alone: it may be a disk of its own.
/// </summary>
internal sealed class ArchiveFiles(string folder, ServerAccount account, int mostWaiting)
{
    internal const string ArchiveScript = "clientele-archive.sh", RestoreScript = "clientele-restore.sh", GapFile = "clientele-archive.gap", Described = "base.json", Partial = ".partial";

    internal string Folder => folder;

    internal string Segments => Path.Combine(folder, "wal");

    internal string Bases => Path.Combine(folder, "base");

    /// <param name="system">Of the cluster that archives here; null: it cannot be read, and PostgreSQL will not start with it.</param>
    /// <exception cref="PrivatePostgresException">The folder cannot be used, or is another cluster's.</exception>
    internal async Task Make(string? system, CancellationToken ct)
    {
        if (system is not null) RefuseForeign(system);
        foreach (var each in (string[])[folder, Segments, Bases])
            if (!await account.TakeFolder(each, ct))
                throw new PrivatePostgresException($"The archive's folder {each} cannot be used by {account.Name}, as whom PostgreSQL runs: name another in CLIENTELE_ARCHIVE_FOLDER, or set CLIENTELE_ARCHIVE=off.");
        if (system is null || System is not null) return;
        // Of two that begin at the same moment one makes the file.
        await account.Shell("""set -C; printf '%s\n' "$2" > "$1/system" && sync "$1/system" "$1" """, [folder, system], ct);
        RefuseForeign(system);
    }

    /// <summary>Whose archive it is; null: nobody's yet.</summary>
    internal string? System => File.Exists(Path.Combine(folder, "system")) ? File.ReadAllText(Path.Combine(folder, "system")).Trim() : null;

    /// <summary>Refuses an archive of another cluster: its moments would be given up one by one, or two would write over each other.</summary>
    /// <param name="system">Null: there is no cluster yet.</param>
    /// <exception cref="PrivatePostgresException">It is another's.</exception>
    internal void RefuseForeign(string? system)
    {
        if (System is not { } whose || whose == system) return;
        // The log alone brings nothing back.
        var leadsBack = List().Count > 0;
        throw new PrivatePostgresException((system, leadsBack) switch
        {
            (null, true) => $"There is no database here yet, but {folder} holds an archive of one: clientele restore --at latest --yes brings that back. To begin anew, move the archive away or name another folder in CLIENTELE_ARCHIVE_FOLDER.",
            (null, false) => $"There is no database here yet, and {folder} is the archive of one that was: it holds no whole base copy, so nothing can be brought back from it. To begin anew, move that folder away or name another in CLIENTELE_ARCHIVE_FOLDER.",
            (_, true) => $"The archive in {folder} is of another database (its identifier is {whose}, this one's {system}): name another folder in CLIENTELE_ARCHIVE_FOLDER, or move the archive away. To bring its database back: move this one's folder postgres away, then clientele restore --at latest --yes.",
            _ => $"The archive in {folder} is of another database (its identifier is {whose}, this one's {system}), and holds no whole base copy of it: name another folder in CLIENTELE_ARCHIVE_FOLDER, or move the archive away.",
        });
    }

    /// <summary>
    /// What PostgreSQL calls for each segment. Written beside, brought to the disk, then named: a segment is there whole or not at all.
    /// When nothing can be written for so long that PostgreSQL's own disk would fill up, the segment is given up and the gap noted:
    /// a shorter window is better than a server that stands still. A disk that does not answer counts as one that takes nothing.
    /// </summary>
    internal string ArchiveText() => $$"""
        # Written by Clientele at each start. $1: path of a segment of the log, $2: its name.
        to={{Quoted(Segments)}}/"$2".gz
        limit=$(command -v timeout) && limit="$limit -k 5 120"
        $limit sh -c '
            if [ -f "$2" ]; then gzip -dc "$2" | cmp -s - "$1"
            else gzip -1 -c "$1" > "$2.new" && sync "$2.new" && mv "$2.new" "$2" && sync "${2%/*}"
            fi || { rm -f "$2.new"; exit 1; }
        ' sh "$1" "$to" && exit 0
        if [ "$(ls pg_wal/archive_status | grep -c '[.]ready$')" -gt {{mostWaiting}} ]; then
            echo "$2" >> {{GapFile}} && sync {{GapFile}} . && exit 0
        fi
        exit 1

        """;

    /// <summary>What a recovery calls for each segment: from the archive, else from what the old server had not archived yet.</summary>
    internal string RestoreText(string oldCluster) => $"""
        from={Quoted(Segments)}/"$1".gz
        if [ -f "$from" ]; then gzip -dc "$from" > "$2"; exit; fi
        [ -f {Quoted(oldCluster)}/pg_wal/"$1" ] && cp {Quoted(oldCluster)}/pg_wal/"$1" "$2"

        """;

    /// <summary>Those that are whole, the oldest first.</summary>
    internal IReadOnlyList<BaseCopy> List() => !Directory.Exists(Bases) ? [] :
        [.. Directory.EnumerateDirectories(Bases).Where(d => !d.EndsWith(Partial, StringComparison.Ordinal)).Select(Description).OfType<BaseCopy>().OrderBy(b => b.EndedAt)];

    // Null: it is no copy, or one that is being removed.
    private static BaseCopy? Description(string copy)
    {
        try
        {
            var said = JsonSerializer.Deserialize<BaseCopy>(File.ReadAllText(Path.Combine(copy, Described)));
            return said is { FirstSegment.Length: 16 } && said.FirstSegment.All(char.IsAsciiHexDigit) && said.Name == Path.GetFileName(copy) ? said : null;
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException) { return null; }
    }

    internal long Bytes() => Bytes(Bases) + Bytes(Segments);

    internal long Bytes(BaseCopy copy) => Bytes(Path.Combine(Bases, copy.Name));

    private static long Bytes(string folder) => !Directory.Exists(folder) ? 0 :
        new DirectoryInfo(folder).EnumerateFiles("*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }).Sum(Length);

    internal DateTimeOffset? LastSegment() => !Directory.Exists(Segments) ? null :
        new DirectoryInfo(Segments).EnumerateFiles("*.gz").Select(f => (DateTimeOffset?)new DateTimeOffset(f.LastWriteTimeUtc)).Max();

    /// <summary>When the log that leads on from a base copy breaks off: a segment is missing though later ones are there. Null: it does not.</summary>
    /// <param name="copy">Of the list.</param>
    /// <param name="own">PostgreSQL's folder, which may still have what is missing.</param>
    internal DateTimeOffset? BreaksOff(BaseCopy copy, string? own = null)
    {
        var there = new Dictionary<long, DateTimeOffset>();
        foreach (var (place, suffix) in new[] { (own is null ? null : Path.Combine(own, "pg_wal"), string.Empty), (Segments, ".gz") })
        {
            if (!Directory.Exists(place)) continue;
            foreach (var file in new DirectoryInfo(place).EnumerateFiles("*" + suffix))
                if (file.Name.Length == 24 + suffix.Length && file.Name[..24].All(char.IsAsciiHexDigit)) there[Number(file.Name[8..24])] = file.LastWriteTimeUtc;
        }
        if (there.Count == 0) return null;
        var (first, last) = (Number(copy.FirstSegment), there.Keys.Max());
        for (var number = first; number <= last; number++)
            if (!there.ContainsKey(number)) return number > first && there[number - 1] > copy.EndedAt ? there[number - 1] : copy.EndedAt;
        return null;
    }

    /// <summary>What cannot be gone back to between the first base copy and now, for segments are missing.</summary>
    internal IReadOnlyList<(DateTimeOffset From, DateTimeOffset? To)> Gaps()
    {
        var copies = List();
        // A copy that is reached in spite of the hole in front of it ends it: what follows is its own affair.
        return [.. copies.Select((copy, i) => (From: BreaksOff(copy), To: i + 1 < copies.Count ? copies[i + 1].EndedAt : (DateTimeOffset?)null))
            .Where(g => g.From is { } from && (g.To is null || from < g.To)).Select(g => (g.From!.Value, g.To))];
    }

    // 256 segments of 16 MB have the same first eight digits.
    private static long Number(string segment) =>
        (long.Parse(segment[..8], NumberStyles.HexNumber, CultureInfo.InvariantCulture) << 8) + long.Parse(segment[8..], NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    /// <summary>Bytes of the log since a base copy began.</summary>
    internal long BytesSince(BaseCopy copy) => new DirectoryInfo(Segments).EnumerateFiles("*.gz").Where(f => !Before(f.Name, copy.FirstSegment)).Sum(Length);

    /// <summary>Removes base copies and what only they need of the log.</summary>
    internal async Task Drop(IReadOnlyList<BaseCopy> gone, BaseCopy? oldestLeft, CancellationToken ct)
    {
        // Their descriptions first: what is half removed is no copy any more.
        foreach (var copy in gone) await account.Shell("""rm -f -- "$1/$2" && rm -rf -- "$1" """, [Path.Combine(Bases, copy.Name), Described], ct);
        string[] segments = [.. Directory.EnumerateFiles(Segments, "*.gz").Where(f => oldestLeft is null || Before(Path.GetFileName(f), oldestLeft.FirstSegment))];
        foreach (var some in segments.Chunk(500)) await account.Shell("""rm -f -- "$@" """, some, ct);
    }

    // Names are timeline, then place, eight and sixteen digits; the place alone says what comes first.
    private static bool Before(string file, string segment) =>
        file.Length >= 24 && file[..24].All(char.IsAsciiHexDigit) && string.CompareOrdinal(file[8..24], segment) < 0;

    private static long Length(FileInfo file)
    {
        try { return file.Length; }
        catch (FileNotFoundException) { return 0; }
    }

    internal static string Quoted(string path) => "'" + path.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
}

/// <summary>
/// Looks after the archive of a private PostgreSQL: takes base copies, keeps it below its limit by giving up the oldest moments,
/// begins anew after a gap. One node does: the one that runs PostgreSQL.
/// </summary>
public sealed class ArchiveKeeper : IDisposable
{
    private static readonly TimeSpan BaseAge = TimeSpan.FromDays(7);

    private readonly Cluster cluster;
    private readonly ArchiveFiles files;
    private readonly long limit;
    private readonly SemaphoreSlim looking = new(1);
    private string? problem;

    internal ArchiveKeeper(Cluster cluster, ArchiveFiles files, long limit) => (this.cluster, this.files, this.limit) = (cluster, files, limit);

    /// <summary>Does what is due: once a minute is enough. One at a time does; another waits.</summary>
    /// <returns>Whether a base copy was taken.</returns>
    /// <exception cref="IOException">It could not be taken; the message says why.</exception>
    public async Task<bool> Look(CancellationToken ct)
    {
        await looking.WaitAsync(ct);
        try { return await LookAlone(ct); }
        catch (OperationCanceledException) when (ct.IsCancellationRequested) { throw; }
        catch (Exception e)
        {
            problem = e.Message;
            // Whoever calls this in a loop has one kind of failure to go on after.
            throw e as IOException ?? new IOException($"The archive could not be looked after: {e.Message}", e);
        }
        finally { looking.Release(); }
    }

    private async Task<bool> LookAlone(CancellationToken ct)
    {
        var taken = false;
        var copies = files.List();
        if (await Gap(ct) || copies.Count == 0 || TimeProvider.System.GetUtcNow() - copies[^1].EndedAt > BaseAge || files.BytesSince(copies[^1]) > limit / 3 || Broken(copies[^1]))
        {
            // Room first: a new copy beside the old ones would grow past the limit. The last stays until the new one is there.
            if (copies.Count > 0) await Shrink(limit - files.Bytes(copies[^1]), ct);
            await Take(ct);
            await cluster.Account.Shell("""rm -f -- "$1" """, [SeenGap], ct);
            taken = true;
        }
        await Shrink(limit, ct);
        var bytes = files.Bytes();
        problem = bytes > limit && files.List().Count > 1 ? $"What is too old in the archive {files.Folder} cannot be removed: is its disk read-only?"
            : bytes > limit ? $"One base copy and its log take {bytes >> 20:N0} MB, more than CLIENTELE_ARCHIVE allows: set it to {(bytes * 2 >> 30) + 1:N0}GB or more."
            : await Complaint(ct) ?? Missing();
        return taken;
    }

    // Twice: a segment that comes while the folder is read may be passed over the first time.
    private bool Broken(BaseCopy copy) => files.BreaksOff(copy) is not null && files.BreaksOff(copy) is not null;

    private string SeenGap => Path.Combine(cluster.Folder.Cluster, ArchiveFiles.GapFile + ".seen");

    // Put aside before the base copy begins: what is given up while it is taken is noted anew, and stays noted.
    private async Task<bool> Gap(CancellationToken ct)
    {
        await cluster.Account.Shell("""[ ! -f "$1" ] || mv -f -- "$1" "$2" """, [Path.Combine(cluster.Folder.Cluster, ArchiveFiles.GapFile), SeenGap], ct);
        return File.Exists(SeenGap);
    }

    // The oldest first, but never the last; ends when what is to go does not go.
    private async Task Shrink(long room, CancellationToken ct)
    {
        var (copies, bytes) = (files.List(), files.Bytes());
        while (copies.Count > 1 && bytes > room)
        {
            await files.Drop([copies[0]], copies[1], ct);
            var (before, left) = (copies.Count, files.List());
            (copies, bytes) = (left, files.Bytes());
            if (left.Count >= before) return;
        }
    }

    private string? Missing() => files.Gaps() is [.., (var from, { } to)]
        ? $"From {from.UtcDateTime:yyyy-MM-dd HH:mm:ss} to {to.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC the archive took nothing: those moments cannot be gone back to, those before and after can." : null;

    /// <summary>Nobody looks any more.</summary>
    public void Dispose() => looking.Dispose();

    /// <summary>How it stands.</summary>
    public ArchiveStatus Status()
    {
        var copies = files.List();
        return new ArchiveStatus(files.Folder, copies.Count > 0 ? copies[0].EndedAt : null, copies.Count > 0 ? files.LastSegment() ?? copies[^1].EndedAt : null, files.Bytes(), limit, problem);
    }

    private async Task<string?> Complaint(CancellationToken ct)
    {
        await using var connection = new NpgsqlConnection(cluster.ConnectionString + ";Pooling=false");
        await connection.OpenAsync(ct);
        await using var ask = new NpgsqlCommand("select coalesce(a.last_failed_time > a.last_archived_time or a.last_archived_time is null and a.failed_count > 0, false) from pg_stat_archiver a", connection);
        return (bool)(await ask.ExecuteScalarAsync(ct))!
            ? $"PostgreSQL cannot write to the archive {files.Folder}: is its disk full or away? After a gigabyte that waits, moments are given up rather than the disk filled." : null;
    }

    private async Task Take(CancellationToken ct)
    {
        var name = TimeProvider.System.GetUtcNow().UtcDateTime.ToString("yyyyMMdd'T'HHmmssfff'Z'", CultureInfo.InvariantCulture);
        var partial = Path.Combine(files.Bases, name + ArchiveFiles.Partial);
        await cluster.Account.Shell("""rm -rf -- "$1"/*.partial""", [files.Bases], ct);
        try { await Take(name, partial, ct); }
        catch
        {
            await cluster.Account.Shell("""rm -rf -- "$1" """, [partial], CancellationToken.None);
            throw;
        }
    }

    private async Task Take(string name, string partial, CancellationToken ct)
    {
        var server = new NpgsqlConnectionStringBuilder(cluster.ConnectionString);
        // Compressed by itself, not by the server, whose processes answer questions.
        var start = cluster.Account.Describe(Path.Combine(cluster.Binaries.Folder, "pg_basebackup"),
            ["-D", partial, "-Ft", "-Z", "client-gzip:1", "-X", "stream", "-c", "fast", "--no-password"]);
        (start.Environment["PGHOST"], start.Environment["PGUSER"], start.Environment["PGPASSWORD"]) = (server.Host, server.Username, server.Password);
        var made = await Command.Run(start, null, ct);
        if (!made.Succeeded) throw new IOException($"A base copy for point-in-time recovery could not be taken: {made.Error.ReplaceLineEndings(" ").Trim()}");
        var manifest = JsonDocument.Parse(await Read(Path.Combine(partial, "backup_manifest"), ct)).RootElement;
        var copy = new BaseCopy(name, TimeProvider.System.GetUtcNow(), Segment(manifest.GetProperty("WAL-Ranges")[0].GetProperty("Start-LSN").GetString()!), files.System);
        const string Script = """umask 077; cat > "$1.partial/$2" && sync "$1.partial" "$1.partial"/* && mv "$1.partial" "$1" && sync "${1%/*}" """;
        var written = await cluster.Account.Shell(Script, [Path.Combine(files.Bases, name), ArchiveFiles.Described], ct, JsonSerializer.Serialize(copy));
        if (!written.Succeeded) throw new IOException($"A base copy for point-in-time recovery could not be kept: {written.Error.ReplaceLineEndings(" ").Trim()}");
    }

    private async Task<string> Read(string file, CancellationToken ct) => (await cluster.Account.Shell("""cat -- "$1" """, [file], ct)).Output;

    // "1/2B000028" lies in the segment 00000001 0000002B.
    internal static string Segment(string place)
    {
        var parts = place.Split('/');
        var low = uint.Parse(parts[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture) >> 24;
        return $"{uint.Parse(parts[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture):X8}{low:X8}";
    }
}

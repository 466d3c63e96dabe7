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
internal sealed record BaseCopy(string Name, DateTimeOffset EndedAt, string FirstSegment);

/// <summary>The archive's files: <c>base/</c>, a folder for each base copy, and <c>wal/</c>, compressed segments of the log.</summary>
internal sealed class ArchiveFiles(string folder, ServerAccount account, int mostWaiting)
{
    internal const string ArchiveScript = "clientele-archive.sh", RestoreScript = "clientele-restore.sh", GapFile = "clientele-archive.gap", Described = "base.json";

    internal string Folder => folder;

    internal string Segments => Path.Combine(folder, "wal");

    internal string Bases => Path.Combine(folder, "base");

    internal async Task Make(CancellationToken ct)
    {
        foreach (var each in (string[])[folder, Segments, Bases])
            if (!await account.TakeFolder(each, ct))
                throw new PrivatePostgresException($"The archive's folder {each} cannot be used by {account.Name}, as whom PostgreSQL runs: name another in CLIENTELE_ARCHIVE_FOLDER, or set CLIENTELE_ARCHIVE=off.");
    }

    /// <summary>
    /// What PostgreSQL calls for each segment. Written beside, brought to the disk, then named: a segment is there whole or not at all.
    /// When nothing can be written for so long that PostgreSQL's own disk would fill up, the segment is given up and the gap noted:
    /// a shorter window is better than a server that stands still.
    /// </summary>
    internal string ArchiveText() => $"""
        # Written by Clientele at each start. $1: path of a segment of the log, $2: its name.
        to={Quoted(Segments)}/"$2".gz
        if [ -f "$to" ]; then
            gzip -dc "$to" | cmp -s - "$1" && exit 0
        elif gzip -1 -c "$1" > "$to.new" && sync "$to.new" && mv "$to.new" "$to"; then
            exit 0
        fi
        rm -f "$to.new"
        if [ "$(ls pg_wal/archive_status | grep -c '[.]ready$')" -gt {mostWaiting} ]; then
            echo "$2" >> {GapFile} && exit 0
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
    [
        .. Directory.EnumerateDirectories(Bases).Select(d => Path.Combine(d, Described)).Where(File.Exists)
            .Select(f => JsonSerializer.Deserialize<BaseCopy>(File.ReadAllText(f))!).OrderBy(b => b.EndedAt),
    ];

    internal long Bytes() => !Directory.Exists(folder) ? 0 : new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(Length);

    internal DateTimeOffset? LastSegment() => !Directory.Exists(Segments) ? null :
        new DirectoryInfo(Segments).EnumerateFiles("*.gz").Select(f => (DateTimeOffset?)new DateTimeOffset(f.LastWriteTimeUtc)).Max();

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
public sealed class ArchiveKeeper
{
    private static readonly TimeSpan BaseAge = TimeSpan.FromDays(7);

    private readonly Cluster cluster;
    private readonly ArchiveFiles files;
    private readonly long limit;
    private string? problem;

    internal ArchiveKeeper(Cluster cluster, ArchiveFiles files, long limit) => (this.cluster, this.files, this.limit) = (cluster, files, limit);

    /// <summary>Does what is due: once a minute is enough.</summary>
    /// <returns>Whether a base copy was taken.</returns>
    /// <exception cref="IOException">It could not be taken; the message says why.</exception>
    public async Task<bool> Look(CancellationToken ct)
    {
        try
        {
            var taken = false;
            var gap = Path.Combine(cluster.Folder.Cluster, ArchiveFiles.GapFile);
            var copies = files.List();
            if (File.Exists(gap))
            {
                // What was before the gap leads nowhere any more.
                await Take(ct);
                await cluster.Account.Shell("""rm -f -- "$1" """, [gap], ct);
                await files.Drop(copies, files.List()[^1], ct);
                taken = true;
            }
            else if (copies.Count == 0 || TimeProvider.System.GetUtcNow() - copies[^1].EndedAt > BaseAge || files.BytesSince(copies[^1]) > limit / 3)
            {
                await Take(ct);
                taken = true;
            }
            copies = files.List();
            while (copies.Count > 1 && files.Bytes() > limit)
            {
                await files.Drop([copies[0]], copies[1], ct);
                copies = files.List();
            }
            var bytes = files.Bytes();
            problem = bytes > limit ? $"One base copy and its log take {bytes >> 20:N0} MB, more than CLIENTELE_ARCHIVE allows: set it to {(bytes * 2 >> 30) + 1:N0}GB or more." : await Complaint(ct);
            return taken;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NpgsqlException)
        {
            problem = e.Message;
            throw;
        }
    }

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
        var name = TimeProvider.System.GetUtcNow().UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        var partial = Path.Combine(files.Bases, name + ".partial");
        await cluster.Account.Shell("""rm -rf -- "$1"/*.partial""", [files.Bases], ct);
        var server = new NpgsqlConnectionStringBuilder(cluster.ConnectionString);
        // Compressed by itself, not by the server, whose processes answer questions.
        var start = cluster.Account.Describe(Path.Combine(cluster.Binaries.Folder, "pg_basebackup"),
            ["-D", partial, "-Ft", "-Z", "client-gzip:1", "-X", "stream", "-c", "fast", "--no-password"]);
        (start.Environment["PGHOST"], start.Environment["PGUSER"], start.Environment["PGPASSWORD"]) = (server.Host, server.Username, server.Password);
        var made = await Command.Run(start, null, ct);
        if (!made.Succeeded)
        {
            await cluster.Account.Shell("""rm -rf -- "$1" """, [partial], CancellationToken.None);
            throw new IOException($"A base copy for point-in-time recovery could not be taken: {made.Error.ReplaceLineEndings(" ").Trim()}");
        }
        var manifest = JsonDocument.Parse(await Read(Path.Combine(partial, "backup_manifest"), ct)).RootElement;
        var copy = new BaseCopy(name, TimeProvider.System.GetUtcNow(), Segment(manifest.GetProperty("WAL-Ranges")[0].GetProperty("Start-LSN").GetString()!));
        var written = await cluster.Account.Shell($"""umask 077; cat > "$1.partial/{ArchiveFiles.Described}" && sync "$1.partial" "$1.partial"/* && mv "$1.partial" "$1" """, [Path.Combine(files.Bases, name)], ct, JsonSerializer.Serialize(copy));
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

using System.Globalization;

namespace Clientele.Platform.PrivatePostgres;

/// <summary>The memory this machine, container or systemd unit may use, in MiB.</summary>
internal static class Memory
{
    private const long WhenUnknown = 2048;

    internal static long Megabytes() =>
        new[] { OfMachine(), OfControlGroup() }.Where(size => size > 0).DefaultIfEmpty(WhenUnknown).Min();

    /// <summary>Docker gives 64 MB of /dev/shm unless told otherwise, too little for parallel queries.</summary>
    internal static bool SharedMemoryFolderIsSmall()
    {
        try
        {
            return Directory.Exists("/dev/shm") && new DriveInfo("/dev/shm").TotalSize < 256L << 20;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static long OfMachine() => Lines("/proc/meminfo")
        .Where(line => line.StartsWith("MemTotal:", StringComparison.Ordinal))
        .Select(line => Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) / 1024)
        .FirstOrDefault();

    /// <summary>Control groups nest, and each above ours limits us too.</summary>
    private static long OfControlGroup()
    {
        var group = Lines("/proc/self/cgroup").FirstOrDefault(line => line.StartsWith("0::", StringComparison.Ordinal))?[3..] ?? "/";
        var limits = new List<long>();
        for (var path = group; path is not null; path = Path.GetDirectoryName(path))
            limits.AddRange(Lines($"/sys/fs/cgroup{path}/memory.max").Select(Parse));
        limits.AddRange(Lines("/sys/fs/cgroup/memory/memory.limit_in_bytes").Select(Parse));
        return limits.Where(limit => limit > 0).Select(limit => limit >> 20).DefaultIfEmpty(0).Min();
    }

    private static string[] Lines(string file)
    {
        try
        {
            return File.Exists(file) ? File.ReadAllLines(file) : [];
        }
        catch (Exception closed) when (closed is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static long Parse(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
}

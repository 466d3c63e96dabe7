using System.Globalization;

namespace Clientele.Platform.Health.Checks;

/// <summary>Room on the disk of the data folder, where a private PostgreSQL and the node's timelines are.</summary>
internal static class DiskCheck
{
    private const long Gigabyte = 1024L * 1024 * 1024;

    public static HealthCheck Room(string folder) => new("node", "disk", TimeSpan.FromSeconds(5), _ =>
    {
        var disk = new DriveInfo(Path.GetFullPath(folder));
        return Task.FromResult(Find(disk.AvailableFreeSpace, disk.TotalSize));
    })
    { OfEachNode = true };

    /// <param name="free">Bytes this account may still write.</param>
    /// <param name="size">Bytes in all.</param>
    public static Finding Find(long free, long size)
    {
        var data = new { freeBytes = free, totalBytes = size };
        var left = string.Create(CultureInfo.InvariantCulture, $"{free / 1e9:0.0} GB of {size / 1e9:0.0} GB are free.");
        if (free < Gigabyte / 2) return Finding.Unhealthy("disk_full", $"{left} A full disk stops the database: make room now.", data);
        return free < 2 * Gigabyte || free < size / 10 ? Finding.Degraded("disk_low", $"{left} Make room, or move the data folder to a larger disk.", data) : Finding.Well(data);
    }
}

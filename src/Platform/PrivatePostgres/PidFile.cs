using System.Globalization;

namespace Clientele.Platform.PrivatePostgres;

/// <summary>PostgreSQL's postmaster.pid (its lines are named in src/include/utils/pidfile.h).</summary>
internal sealed record PidFile(int ProcessId, string SocketFolder, bool Ready)
{
    internal static string PathIn(string cluster) => Path.Combine(cluster, "postmaster.pid");

    internal static PidFile? Read(string cluster)
    {
        try
        {
            var lines = File.ReadAllLines(PathIn(cluster));
            return lines.Length > 0 && int.TryParse(lines[0], NumberStyles.None, CultureInfo.InvariantCulture, out var processId)
                ? new(processId, lines.ElementAtOrDefault(4) ?? "", lines.ElementAtOrDefault(7)?.Trim() is "ready")
                : null;
        }
        catch (Exception absent) when (absent is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

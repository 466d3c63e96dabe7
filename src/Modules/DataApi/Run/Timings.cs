using System.Diagnostics;
using System.Globalization;

namespace Clientele.DataApi.Run;

/// <summary>How long each stage of a request took, for the Server-Timing header.</summary>
internal sealed class Timings
{
    private readonly List<(string Stage, double Milliseconds)> stages = new(5);
    private long last = Stopwatch.GetTimestamp();

    public void Mark(string stage)
    {
        var now = Stopwatch.GetTimestamp();
        stages.Add((stage, Stopwatch.GetElapsedTime(last, now).TotalMilliseconds));
        last = now;
    }

    public string Header()
    {
        Mark("response");
        return string.Join(", ", stages.Select(s => string.Create(CultureInfo.InvariantCulture, $"{s.Stage};dur={s.Milliseconds:0.0}")));
    }
}

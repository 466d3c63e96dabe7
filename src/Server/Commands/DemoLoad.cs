using System.Diagnostics;
using Clientele.Demo;
using Clientele.Platform.Data;

namespace Clientele.Server.Commands;

/// <summary>Loads the demo shop before the server greets, with a line of progress when it takes over a second.</summary>
internal static class DemoLoad
{
    public static async Task Run(Databases databases, long size, CancellationToken ct)
    {
        var watch = Stopwatch.StartNew();
        var progress = new Line(watch);
        var result = await DemoShop.Ensure(databases, size, TimeProvider.System, progress, ct);
        if (!result.AlreadyThere) Console.WriteLine($"{(progress.Shown && !Console.IsOutputRedirected ? "\r" : "")}Demo shop: {result.Events:N0} events loaded in {watch.Elapsed.TotalSeconds:0.0} s          ");
    }

    // Not System.Progress: that reports later, on the thread pool, after the last line was written.
    private sealed class Line(Stopwatch watch) : IProgress<DemoProgress>
    {
        private readonly Lock guard = new();
        private long next = 1000;

        public bool Shown { get; private set; }

        public void Report(DemoProgress value)
        {
            lock (guard)
            {
                if (watch.ElapsedMilliseconds < next) return;
                // In a file one line every ten seconds, on a terminal one that changes.
                next = watch.ElapsedMilliseconds + (Console.IsOutputRedirected ? 10_000 : 200);
                Shown = true;
                Console.Write($"{(Console.IsOutputRedirected ? "" : "\r")}Demo shop: {value.Share:0 %}, {value.Events:N0} events{(Console.IsOutputRedirected ? "\n" : "    ")}");
            }
        }
    }
}

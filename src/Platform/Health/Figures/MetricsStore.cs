using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using Clientele.Platform.Data;
using Clientele.Platform.Health.Database;

namespace Clientele.Platform.Health.Figures;

/// <summary>
/// Adds up what meters tell, for <c>/metrics</c>: requests by route, connection pools, jobs, errors. Only instruments and tags listed
/// here are kept, and of each instrument a bounded number of series: what is beyond is counted together as "other".
/// </summary>
public sealed class MetricsStore : IDisposable
{
    private const int SeriesAtMost = 1000;

    // Everything of our own meter is kept; of others' these, with the tags that have few values.
    private static readonly Dictionary<string, string[]> known = new(StringComparer.Ordinal)
    {
        ["http.server.request.duration"] = ["http.request.method", "http.route", "http.response.status_code"],
        ["http.server.active_requests"] = [],
        ["kestrel.active_connections"] = [],
        ["db.client.connection.count"] = ["db.client.connection.pool.name", "db.client.connection.state"],
        ["db.client.connection.max"] = ["db.client.connection.pool.name"],
        ["db.client.connection.npgsql.pending_requests"] = ["db.client.connection.pool.name"],
        ["db.client.connection.npgsql.timeouts"] = ["db.client.connection.pool.name"],
    };

    /// <summary>Upper ends in seconds.</summary>
    private static readonly double[] buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    private readonly IMeterFactory factory;
    private readonly MeterListener listener = new();
    private readonly ConcurrentDictionary<string, Family> families = new(StringComparer.Ordinal);

    private sealed class Family(Instrument instrument, string[]? tags)
    {
        public Instrument Instrument { get; } = instrument;
        public string[]? Tags { get; } = tags;
        public ConcurrentDictionary<string, Series> Series { get; } = new(StringComparer.Ordinal);
        public bool IsObservable { get; } = instrument.IsObservable;
        public bool IsHistogram { get; } = instrument.GetType() is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(Histogram<>);
        public bool IsCounter { get; } = instrument.GetType() is { IsGenericType: true } type && (type.GetGenericTypeDefinition() == typeof(Counter<>) || type.GetGenericTypeDefinition() == typeof(ObservableCounter<>));
    }

    private sealed class Series(bool histogram)
    {
        private readonly Lock one = new();
        private readonly long[] counts = histogram ? new long[buckets.Length + 1] : [];
        private double sum;

        public void Add(double value, bool replaces)
        {
            lock (one)
            {
                sum = replaces ? value : sum + value;
                if (counts.Length == 0) return;
                var at = Array.FindIndex(buckets, b => value <= b);
                counts[at < 0 ? buckets.Length : at]++;
            }
        }

        public (long[] Counts, double Sum) Read()
        {
            lock (one) return ([.. counts], sum);
        }
    }

    public MetricsStore(IMeterFactory factory)
    {
        this.factory = factory;
        listener.InstrumentPublished = (instrument, l) => { if (Wanted(instrument)) l.EnableMeasurementEvents(instrument, families.GetOrAdd(instrument.Name, _ => FamilyOf(instrument))); };
        listener.SetMeasurementEventCallback<long>(static (_, value, tags, family) => Add((Family)family!, value, tags));
        listener.SetMeasurementEventCallback<int>(static (_, value, tags, family) => Add((Family)family!, value, tags));
        listener.SetMeasurementEventCallback<double>(static (_, value, tags, family) => Add((Family)family!, value, tags));
        listener.Start();
    }

    private static Family FamilyOf(Instrument instrument) => new(instrument, instrument.Meter.Name == PlatformFigures.Name ? null : known[instrument.Name]);

    // Of several servers in one process each hears its own.
    private bool Wanted(Instrument instrument) =>
        (instrument.Meter.Scope is null || ReferenceEquals(instrument.Meter.Scope, factory)) && (instrument.Meter.Name == PlatformFigures.Name || known.ContainsKey(instrument.Name));

    // Connections that are opened once, for a migration, are each a pool of its own to the driver.
    private static bool IsPassing(Family family, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (!family.Instrument.Name.StartsWith("db.", StringComparison.Ordinal)) return false;
        foreach (var (name, value) in tags)
            if (name == "db.client.connection.pool.name") return value is not (Databases.App or Databases.ServiceRole);
        return true;
    }

    private static void Add(Family family, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (IsPassing(family, tags)) return;
        var labels = Labels(family, tags);
        if (!family.Series.TryGetValue(labels, out var series))
            series = family.Series.GetOrAdd(family.Series.Count < SeriesAtMost ? labels : "{other=\"true\"}", _ => new Series(family.IsHistogram));
        series.Add(value, family.IsObservable);
    }

    private static string Labels(Family family, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (family.Tags is { Length: 0 }) return string.Empty;
        var text = new StringBuilder();
        foreach (var (name, value) in tags)
        {
            if (family.Tags is { } wanted && Array.IndexOf(wanted, name) < 0) continue;
            text.Append(text.Length == 0 ? '{' : ',').Append(Short(name)).Append("=\"");
            foreach (var c in Convert.ToString(value, CultureInfo.InvariantCulture) ?? string.Empty)
            {
                if (c is '"' or '\\') text.Append('\\');
                text.Append(c is '\n' or '\r' ? ' ' : c);
            }
            text.Append('"');
        }
        return text.Length == 0 ? string.Empty : text.Append('}').ToString();
    }

    private static string Short(string tag) => tag switch
    {
        "http.request.method" => "method",
        "http.route" => "route",
        "http.response.status_code" => "status",
        _ => tag[(tag.LastIndexOf('.') + 1)..] is "name" ? "pool" : tag[(tag.LastIndexOf('.') + 1)..],
    };

    /// <summary>Writes all there is in Prometheus' text format.</summary>
    internal void Write(StringBuilder text)
    {
        listener.RecordObservableInstruments();
        foreach (var family in families.Values.OrderBy(f => f.Instrument.Name, StringComparer.Ordinal))
        {
            var name = family.Instrument.Name.Replace('.', '_') + (family.Instrument.Unit switch { "s" => "_seconds", "By" => "_bytes", _ => string.Empty }) + (family.IsCounter ? "_total" : string.Empty);
            text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {family.Instrument.Description}\n# TYPE {name} {(family.IsHistogram ? "histogram" : family.IsCounter ? "counter" : "gauge")}\n");
            foreach (var (labels, series) in family.Series.OrderBy(s => s.Key, StringComparer.Ordinal))
            {
                if (family.IsHistogram) Histogram(text, name, labels, series);
                else text.Append(CultureInfo.InvariantCulture, $"{name}{labels} {series.Read().Sum}\n");
            }
        }
    }

    /// <summary>The connection pools of this node.</summary>
    internal IReadOnlyList<GetDatabase.Pool> Pools()
    {
        listener.RecordObservableInstruments();
        return [.. new[] { Databases.App, Databases.ServiceRole }.Select(p => new GetDatabase.Pool(p,
            Value("db.client.connection.count", $"pool=\"{p}\"", "state=\"used\""), Value("db.client.connection.count", $"pool=\"{p}\"", "state=\"idle\""),
            Value("db.client.connection.max", $"pool=\"{p}\""), Value("db.client.connection.npgsql.pending_requests", $"pool=\"{p}\"")))];
    }

    private long Value(string instrument, params string[] labels) =>
        families.TryGetValue(instrument, out var family) ? (long)family.Series.Where(s => labels.All(l => s.Key.Contains(l, StringComparison.Ordinal))).Sum(s => s.Value.Read().Sum) : 0;

    private static void Histogram(StringBuilder text, string name, string labels, Series series)
    {
        var (counts, sum) = series.Read();
        var (open, total) = (labels.Length == 0 ? "{" : labels[..^1] + ",", 0L);
        for (var i = 0; i < counts.Length; i++)
        {
            total += counts[i];
            var end = i < buckets.Length ? buckets[i].ToString(CultureInfo.InvariantCulture) : "+Inf";
            text.Append(CultureInfo.InvariantCulture, $"{name}_bucket{open}le=\"{end}\"}} {total}\n");
        }
        text.Append(CultureInfo.InvariantCulture, $"{name}_sum{labels} {sum}\n{name}_count{labels} {total}\n");
    }

    public void Dispose() => listener.Dispose();
}

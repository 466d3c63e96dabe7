namespace Clientele.DataApi.Parse;

/// <summary>A media type of an Accept header, with those parameters that mean something here.</summary>
internal sealed record MediaType(string Name)
{
    public const string Json = "application/json";
    public const string Object = "application/vnd.pgrst.object";
    public const string Array = "application/vnd.pgrst.array";
    public const string Csv = "text/csv";
    public const string OpenApi = "application/openapi+json";
    public const string GeoJson = "application/geo+json";
    public const string Plan = "application/vnd.pgrst.plan";
    public const string Any = "*/*";

    public static MediaType Anything { get; } = new(Any);

    public bool NullsStripped { get; init; }

    /// <summary>Of a plan: json or text.</summary>
    public bool PlanJson { get; init; }
    public string PlanFor { get; init; } = Json;
    public string PlanOptions { get; init; } = string.Empty;

    /// <summary>As it was sent, without quality.</summary>
    public string Sent { get; init; } = Name;

    /// <summary>Best first.</summary>
    public static List<MediaType> Parse(string? accept)
    {
        if (string.IsNullOrWhiteSpace(accept)) return [Anything];
        if (accept == Any) return [Anything];
        var found = new List<(MediaType Type, double Quality, int Specific)>();
        foreach (var part in Split(accept))
        {
            var pieces = part.Split(';', StringSplitOptions.TrimEntries);
            var quality = 1.0;
            var (nulls, options, plan) = (false, string.Empty, Json);
            foreach (var piece in pieces.Skip(1))
            {
                if (piece.StartsWith("q=", StringComparison.Ordinal)) _ = double.TryParse(piece.AsSpan(2), System.Globalization.CultureInfo.InvariantCulture, out quality);
                else if (piece == "nulls=stripped") nulls = true;
                else if (piece.StartsWith("options=", StringComparison.Ordinal)) options = piece[8..];
                else if (piece.StartsWith("for=", StringComparison.Ordinal)) plan = piece[4..].Trim('"');
            }
            var name = pieces[0].ToLowerInvariant();
            var (known, json) = name switch
            {
                "application/vnd.pgrst.object+json" => (Object, false),
                "application/vnd.pgrst.array+json" => (Array, false),
                "application/vnd.pgrst.plan+json" => (Plan, true),
                "application/vnd.pgrst.plan+text" => (Plan, false),
                "application/*" => (Json, false),
                _ => (name, false),
            };
            found.Add((new MediaType(known) { NullsStripped = nulls, PlanJson = json, PlanFor = plan, PlanOptions = options, Sent = pieces[0] },
                quality, known == Any ? 0 : known.EndsWith("/*", StringComparison.Ordinal) ? 1 : 2));
        }
        return [.. found.Where(f => f.Quality > 0).OrderByDescending(f => f.Quality).ThenByDescending(f => f.Specific).Select(f => f.Type)];
    }

    // A comma inside quotes is no end.
    private static IEnumerable<string> Split(string accept)
    {
        var (start, quoted) = (0, false);
        for (var i = 0; i <= accept.Length; i++)
        {
            if (i < accept.Length && accept[i] == '"') quoted = !quoted;
            if (i < accept.Length && (accept[i] != ',' || quoted)) continue;
            if (accept[start..i].Trim() is { Length: > 0 } part) yield return part;
            start = i + 1;
        }
    }
}

using Clientele.DataApi.Catalogue;
using Clientele.DataApi.Parse;

namespace Clientele.DataApi.Plan;

/// <summary>Which of the functions of a name a request calls, and with what.</summary>
internal static class Calls
{
    internal sealed record Arguments(List<(Parameter, List<string>)>? Texts, string? Json, List<Parameter> Members, ReadOnlyMemory<byte>? Whole);

    public static (Routine, Arguments) Find(Catalogue.Catalogue catalogue, string schema, string name, ApiRequest request, Query query)
    {
        var all = catalogue.Routines.GetValueOrDefault((schema, name)) ?? [];
        var raw = request.Reads ? null : request.ContentType switch { "text/plain" => "text", "text/xml" => "xml", "application/octet-stream" => "bytea", _ => null };
        if (raw is not null && all.Find(r => r.Unnamed && r.Parameters[0].Type == raw) is { } one) return (one, new Arguments(null, null, [], request.Body));

        var (texts, json, keys) = Given(request, query, raw, all);
        var exact = all.Where(r => !r.Unnamed && Fits(r, keys)).ToList();
        if (exact.Count == 0 && !request.Reads && request.ContentType == "application/json")
        {
            var whole = all.Where(r => r.Unnamed && r.Parameters[0].Type is "json" or "jsonb").ToList();
            if (whole.Count == 1) return (whole[0], new Arguments(null, null, [], request.Body));
            exact = whole;
        }
        switch (exact)
        {
            case [var only]:
                return texts is not null
                    ? (only, new Arguments([.. only.Parameters.Where(p => keys.Contains(p.Name)).Select(p => (p, p.Variadic ? texts[p.Name] : [texts[p.Name][^1]]))], null, [], null))
                    : (only, new Arguments(null, json ?? "{}", [.. only.Parameters.Where(p => keys.Contains(p.Name))], null));
            case []: throw None(catalogue, all, schema, name, keys, request, raw);
            default:
                var candidates = string.Join(", ", exact.Select(r => $"{schema}.{name}({string.Join(", ", r.Parameters.Select(p => p.Name.Length > 0 ? $"{p.Name} => {p.Type}" : $"=> {p.Type}"))})"));
                throw new ApiError(300, "PGRST203", $"Could not choose the best candidate function between: {candidates}")
                {
                    Hint = "Try renaming the parameters or the function itself in the database so function overloading can be resolved",
                };
        }
    }

    private static (Dictionary<string, List<string>>? Texts, string? Json, HashSet<string> Keys) Given(ApiRequest request, Query query, string? raw, List<Routine> all)
    {
        if (raw is not null) return (null, null, []);
        if (request.Reads || request.ContentType == "application/x-www-form-urlencoded")
        {
            var pairs = request.Reads ? query.Arguments : Payload.Pairs(request.Body);
            var texts = pairs.GroupBy(p => p.Key, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Select(p => p.Value).ToList(), StringComparer.Ordinal);
            return (texts, null, [.. texts.Keys]);
        }
        if (request.Body.Length == 0) return (null, "{}", []);
        // A body that is one argument as a whole need be no object.
        if (all.Exists(r => r.Unnamed) && request.Body.Span.TrimStart(" \t\r\n"u8) is [not (byte)'{', ..]) return (null, null, ["\0"]);
        var payload = Payload.Read(request.Body, request.ContentType, sameKeys: false);
        if (payload.Count != 1 && payload.First is null) return (null, "{}", []);
        return (null, payload.First, [.. query.Columns ?? payload.Keys]);
    }

    private static bool Fits(Routine routine, HashSet<string> keys) =>
        routine.Parameters.All(p => !p.Required || keys.Contains(p.Name)) && keys.All(k => Array.Exists(routine.Parameters, p => p.Name == k));

    private static ApiError None(Catalogue.Catalogue catalogue, List<Routine> all, string schema, string name, HashSet<string> keys, ApiRequest request, string? raw)
    {
        var given = string.Join(", ", keys.Where(k => k != "\0").Order(StringComparer.Ordinal));
        var shown = raw is not null ? $"{schema}.{name}" : given.Length > 0 ? $"{schema}.{name}({given})" : $"{schema}.{name} without parameters";
        var searched = raw is not null ? $" with a single unnamed {raw} parameter"
            : (given.Length == 0 ? " without parameters" : keys.Count == 1 ? $" with parameter {given}" : $" with parameters {given}")
              + (!request.Reads && request.ContentType == "application/json" ? " or with a single unnamed json/jsonb parameter" : "");
        string? hint = null;
        if (all.Count > 0)
        {
            var calls = all.Where(r => r.Parameters.Length > 0 && !r.Unnamed).Select(r => string.Join(", ", r.Parameters.Select(p => p.Name)));
            if (Near.Find(given, calls, atLeast: 0.3) is { } near) hint = $"Perhaps you meant to call the function {schema}.{name}({near})";
        }
        else if (Near.Find(name, catalogue.Routines.Keys.Where(k => k.Schema == schema).Select(k => k.Name)) is { } other) hint = $"Perhaps you meant to call the function {schema}.{other}";
        return new ApiError(404, "PGRST202", $"Could not find the function {shown} in the schema cache")
        {
            Details = $"Searched for the function {schema}.{name}{searched}, but no matches were found in the schema cache.",
            Hint = hint,
        };
    }
}

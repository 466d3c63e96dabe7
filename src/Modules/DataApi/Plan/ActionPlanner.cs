using System.Text.Json;
using Clientele.DataApi.Catalogue;
using Clientele.DataApi.Parse;

namespace Clientele.DataApi.Plan;

/// <summary>Which action a request is, with every name looked up.</summary>
internal sealed class ActionPlanner(Catalogue.Catalogue catalogue, PlanRules rules, bool plans, string? rootRoutine, bool root, string? schema)
{
    private readonly ReadPlanner reads = new(catalogue, rules);

    public ActionPlan Plan(ApiRequest request)
    {
        var profile = Schema(request);
        var path = request.Path.Trim('/').Split('/');
        return path switch
        {
            [""] => Root(request, profile),
            ["rpc", var name] when name.Length > 0 => Call(request, profile, name),
            [var name] => Table(request, profile, name),
            _ => throw new ApiError(404, "PGRST125", "Invalid path specified in request URL"),
        };
    }

    public string Schema(ApiRequest request)
    {
        var asked = request.Reads || request.Method == "OPTIONS" ? request.AcceptProfile : request.ContentProfile;
        if (asked is null) return schema is not null && catalogue.Schemas.Contains(schema) ? schema : catalogue.Schemas[0];
        return catalogue.Schemas.Contains(asked) ? asked : throw new ApiError(406, "PGRST106", $"Invalid schema: {asked}")
        {
            Hint = $"Only the following schemas are exposed: {string.Join(", ", catalogue.Schemas)}",
        };
    }

    public Relation FindRelation(string schema, string name) => catalogue.FindRelation(schema, name)
        ?? throw ApiError.NoRelation(schema, name, Near.Find(name, catalogue.ByName.Keys.Where(k => k.Schema == schema).Select(k => k.Name)));

    private ActionPlan Root(ApiRequest request, string schema)
    {
        if (!request.Reads) throw new ApiError(405, "PGRST117", $"Unsupported HTTP method: {request.Method}");
        if (rootRoutine is not null) return Call(request, schema, rootRoutine);
        if (!root) throw new ApiError(404, "PGRST126", "Root endpoint metadata is disabled");
        foreach (var type in request.Accept)
        {
            if (type.Name is MediaType.Any or MediaType.OpenApi) return Described("application/openapi+json; charset=utf-8");
            if (type.Name == MediaType.Json) return Described("application/json; charset=utf-8");
        }
        throw ApiError.NotAcceptable(request.AcceptText ?? MediaType.Any);
        RootAction Described(string type) => new() { Schema = schema, Query = new Query(), Shape = new Shape(Form.JsonObject, type) };
    }

    // -----------------------------------------------------------------------------------------------------
    // Tables and views

    private ActionPlan Table(ApiRequest request, string schema, string name)
    {
        var query = QueryParser.Parse(request.QueryString, arguments: false);
        switch (request.Method)
        {
            case "GET" or "HEAD":
                {
                    Ranges.Apply(query.Top, request.Range);
                    var relation = FindRelation(schema, name);
                    var shape = ShapeOf(request, relation, query, null);
                    return new ReadAction { Schema = schema, Query = query, Shape = shape, Rows = reads.Plan(schema, name, relation, query, null, capped: true) };
                }
            case "POST": return Write(request, schema, name, query, Change.Insert);
            case "PATCH": return Write(request, schema, name, query, Change.Update);
            case "PUT": return Write(request, schema, name, query, Change.Upsert);
            case "DELETE": return Write(request, schema, name, query, Change.Delete);
            default: throw new ApiError(405, "PGRST117", $"Unsupported HTTP method: {request.Method}");
        }
    }

    private WriteAction Write(ApiRequest request, string schema, string name, Query query, Change change)
    {
        var relation = FindRelation(schema, name);
        if (change == Change.Upsert && (query.Top.Limit is not null || query.Top.Offset is not null || request.Range is not null))
            throw new ApiError(400, "PGRST114", "limit/offset querystring parameters are not allowed for PUT");
        var payload = change == Change.Delete ? null : Payload.Read(request.Body, request.ContentType, sameKeys: query.Columns is null && change != Change.Update);
        var shown = request.Prefer.Return == Return.Representation;
        if (change == Change.Upsert) CheckKey(relation, query, payload!);
        var rows = reads.Plan(schema, name, relation, query, null, capped: false);
        var upserts = request.Prefer.Resolution != Resolution.None;
        var conflict = change == Change.Upsert ? relation.PrimaryKey
            : change == Change.Insert && upserts ? query.OnConflict ?? relation.PrimaryKey : [];
        return new WriteAction
        {
            Schema = schema,
            Query = query,
            Shape = ShapeOf(request, relation, query, null, written: !shown),
            Change = change,
            Relation = relation,
            Columns = payload is null ? [] : ColumnsOf(relation, query.Columns ?? payload.Keys),
            Payload = payload,
            MissingDefault = request.Prefer.MissingDefault == true && change != Change.Delete,
            Conflict = [.. conflict.Select(c => relation.ByName.GetValueOrDefault(c) ?? throw ApiError.NoColumn(relation.Name, c))],
            Merge = change == Change.Upsert || request.Prefer.Resolution == Resolution.MergeDuplicates,
            Rows = rows,
            Return = request.Prefer.Return,
        };
    }

    private static List<Column> ColumnsOf(Relation relation, IEnumerable<string> names) =>
        [.. names.Distinct(StringComparer.Ordinal).Select(n => relation.ByName.GetValueOrDefault(n) ?? throw ApiError.UnknownColumnInBody(relation.Name, n))];

    // PUT names one row by its whole key, and brings the same key.
    private static void CheckKey(Relation relation, Query query, Payload payload)
    {
        var filters = query.Top.Where.ConvertAll(c => c as Filter);
        var named = filters.TrueForAll(f => f is { Field.Path: [], Is: { Op: Op.Eq, Negated: false, Quantifier: Quantifier.One } })
            && relation.PrimaryKey.Count > 0 && query.Levels.Count <= query.Levels.Values.Count(l => l.Path.Length > 0) + 1
            && filters.Select(f => f!.Field!.Name).Order(StringComparer.Ordinal).SequenceEqual(relation.PrimaryKey.Order(StringComparer.Ordinal));
        if (!named) throw new ApiError(405, "PGRST105", "Filters must include all and only primary key columns with 'eq' operators");
        if (payload.Count != 1) throw new ApiError(400, "PGRST115", "Payload values do not match URL in primary key column(s)");
        // As deep as the body was read.
        using var row = JsonDocument.Parse(payload.First!, new JsonDocumentOptions { MaxDepth = Payload.MostDepth });
        foreach (var filter in filters)
        {
            string? said;
            try { said = row.RootElement.TryGetProperty(filter!.Field!.Name, out var value) ? value.ToString() : null; }
            catch (InvalidOperationException) { throw ApiError.BadBody(); } // half a surrogate
            if (said != filter.Is.Value) throw new ApiError(400, "PGRST115", "Payload values do not match URL in primary key column(s)");
        }
    }

    // -----------------------------------------------------------------------------------------------------
    // Functions

    private CallAction Call(ApiRequest request, string schema, string name)
    {
        if (request.Method is not ("GET" or "HEAD" or "POST")) throw new ApiError(405, "PGRST101", $"Cannot use the {request.Method} method on RPC");
        var query = QueryParser.Parse(request.QueryString, arguments: request.Reads);
        Ranges.Apply(query.Top, request.Reads ? request.Range : null);
        var (routine, call) = Calls.Find(catalogue, schema, name, request, query);
        var shape = ShapeOf(request, catalogue.Relations.GetValueOrDefault(routine.ReturnRelation), query, routine);
        ReadPlan? rows = null;
        if (routine.ReturnsRow)
        {
            var relation = catalogue.Relations.GetValueOrDefault(routine.ReturnRelation);
            rows = reads.Plan(schema, relation?.Name ?? name, relation, query, relation is null ? routine.OutColumns : null, capped: routine.ReturnsSet);
        }
        return new CallAction
        {
            Schema = schema,
            Query = query,
            Shape = shape,
            Routine = routine,
            Texts = call.Texts,
            Json = call.Json,
            Members = call.Members,
            Whole = call.Whole,
            Rows = rows,
            ReadOnly = request.Reads || routine.Volatility != 'v',
        };
    }

    // -----------------------------------------------------------------------------------------------------
    // Media types

    /// <param name="written">Nothing of the rows is sent, so that whatever is accepted will do.</param>
    private Shape ShapeOf(ApiRequest request, Relation? relation, Query query, Routine? routine, bool written = false)
    {
        var whole = query.Select is null or [SelectField { Field: { Name: "*", Path: [] }, Aggregate: Aggregate.None }];
        foreach (var type in request.Accept)
        {
            if (One(type, relation, whole, routine) is { } shape) return shape;
        }
        if (written && request.Accept.Count == 0) return new Shape(Form.JsonArray, Json);
        throw ApiError.NotAcceptable(request.AcceptText ?? MediaType.Any);
    }

    private const string Json = "application/json; charset=utf-8";

    private Shape? One(MediaType type, Relation? relation, bool whole, Routine? routine)
    {
        if (routine is { ReturnsSet: false } && catalogue.MediaTypes.Contains(routine.ReturnType))
        {
            if (routine.ReturnType == MediaType.Any) return new Shape(Form.Raw, "application/octet-stream");
            if (type.Name == MediaType.Any || type.Name == routine.ReturnType) return new Shape(Form.Raw, Charset(routine.ReturnType));
        }
        // The vendor's own types are what they are.
        var handler = type.Name.StartsWith("application/vnd.pgrst.", StringComparison.Ordinal) ? null : catalogue.Handlers.Where(h => h.MediaType == type.Name && (h.Relation == 0 || (whole && relation is not null && h.Relation == relation.Oid)))
            .OrderByDescending(h => h.Relation).FirstOrDefault();
        if (handler is not null && (routine is null || routine.ReturnsRow)) return new Shape(Form.Handler, Charset(type.Name == MediaType.Any ? "application/octet-stream" : type.Name)) { Handler = handler };
        switch (type.Name)
        {
            case MediaType.Json or MediaType.Any: return new Shape(Form.JsonArray, Json);
            case MediaType.Array: return new Shape(Form.JsonArray, type.NullsStripped ? "application/vnd.pgrst.array+json; nulls=stripped; charset=utf-8" : Json) { StripNulls = type.NullsStripped };
            case MediaType.Object:
                return new Shape(Form.JsonObject, type.NullsStripped ? "application/vnd.pgrst.object+json; nulls=stripped; charset=utf-8" : "application/vnd.pgrst.object+json; charset=utf-8") { StripNulls = type.NullsStripped };
            case MediaType.Csv: return new Shape(Form.Csv, "text/csv; charset=utf-8");
            case MediaType.GeoJson when catalogue.HasPostGis: return new Shape(Form.GeoJson, "application/geo+json; charset=utf-8");
            case MediaType.Plan when plans:
                return new Shape(Form.Plan, $"application/vnd.pgrst.plan+{(type.PlanJson ? "json" : "text")}; for=\"{type.PlanFor}\"{(type.PlanOptions.Length > 0 ? $"; options={type.PlanOptions}" : "")}; charset=utf-8") { Plan = type };
        }
        // Whatever else is asked for, one aggregate may make of the rows.
        if (whole && relation is not null && catalogue.Handlers.Find(h => h.MediaType == MediaType.Any && h.Relation == relation.Oid) is { } any)
            return new Shape(Form.Handler, "application/octet-stream") { Handler = any };
        return null;
    }

    private static string Charset(string type) => type switch
    {
        "text/plain" or "text/xml" or "text/csv" or MediaType.Json or MediaType.OpenApi or MediaType.GeoJson => type + "; charset=utf-8",
        _ => type,
    };
}

/// <summary>The Range header, beside limit and offset.</summary>
internal static class Ranges
{
    public static void Apply(Level level, string? header)
    {
        if (header is null || level.Limit is not null || level.Offset is not null) return;
        var text = header.StartsWith("items=", StringComparison.Ordinal) ? header[6..] : header;
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        if (dash <= 0 || ConditionParser.Number(text[..dash]) is not { } from || from < 0) return;
        if (text.Length == dash + 1)
        {
            level.Offset = from;
            return;
        }
        if (ConditionParser.Number(text[(dash + 1)..]) is not { } to) return;
        if (to < from) throw ApiError.Range("The lower boundary must be lower than or equal to the upper boundary in the Range header.");
        (level.Offset, level.Limit) = (from, to - from + 1);
    }
}

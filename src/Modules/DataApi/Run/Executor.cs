using System.Collections.Concurrent;
using System.Data;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Clientele.DataApi.Catalogue;
using Clientele.DataApi.Compile;
using Clientele.DataApi.Parse;
using Clientele.DataApi.Plan;
using Clientele.Platform.Data;
using Microsoft.AspNetCore.Http;
using Npgsql;
using NpgsqlTypes;

namespace Clientele.DataApi.Run;

/// <summary>
/// Runs the statement of a request and sends its answer: settings, statement and what functions said about the answer are one
/// round trip. The transaction is PostgreSQL's own around what is sent together, unless something has to be decided in between.
/// </summary>
/// <param name="plain">Connections that already are what an anonymous read asks for.</param>
internal sealed class Executor(NpgsqlDataSource source, NpgsqlDataSource? plain, EngineOptions options)
{
    private sealed class Outcome
    {
        public long Rows;
        public long? Total;
        public bool Existed;
        public List<string[]> Keys = [];
        public string? Headers;
        public string? Status;
    }

    public async Task Run(HttpContext context, ApiRequest request, ActionPlan action, Statement statement, Asker asker, Timings timings, bool responds)
    {
        responds &= options.ResponseSettings;
        var ct = context.RequestAborted;
        var rollBack = options.MayChooseEnd && request.Prefer.Rollback is { } said ? said : options.RollBack;
        var decides = rollBack || Decides(request, action);
        var reads = action is ReadAction or CallAction { ReadOnly: true };
        var outcome = new Outcome();
        using var body = new Body(context.Response, reads && action.Shape.Form is Form.JsonArray or Form.Csv && !statement.CountsOnly
            ? () => Begin(context, request, action, statement, outcome, timings, streamed: true) : null, asker.Longest);

        var ready = plain is not null && asker.Plain && reads && !responds && request.Prefer.TimeZone is null && action is ReadAction or CallAction { Routine: { Timeout: null, Isolation: null } };
        await using var connection = await (ready ? plain! : source).OpenConnectionAsync(ct);
        try
        {
            if ((asker.MostCost ?? options.MostCost) is { } most && action is ReadAction && action.Shape.Form != Form.Plan) await RefuseCostly(connection, request, action, statement, asker, most, ct);
            var isolation = action is CallAction { Routine.Isolation: { } level } ? Enum.Parse<IsolationLevel>(level.Replace(" ", string.Empty, StringComparison.Ordinal), ignoreCase: true) : IsolationLevel.Unspecified;
            await using var transaction = decides || isolation != IsolationLevel.Unspecified ? await connection.BeginTransactionAsync(isolation, ct) : null;
            await using var batch = Batch(connection, transaction, request, action, statement, asker, reads, responds, ready);
            await Read(batch, request, action, statement, asker, body, outcome, responds, ready, ct);
            Check(request, action, outcome);
            if (transaction is not null)
            {
                if (rollBack)
                {
                    // A constraint that waits for the end speaks up even when there is none.
                    await using var now = new NpgsqlCommand("set constraints all immediate", connection, transaction);
                    if (!reads) await now.ExecuteNonQueryAsync(ct);
                    await transaction.RollbackAsync(ct);
                }
                else await transaction.CommitAsync(ct);
            }
        }
        catch (Exception e) when (PreparedStatements.MayBeHalf(e))
        {
            await PreparedStatements.Forget(connection);
            throw;
        }
        timings.Mark("transaction");
        if (!body.Streams) await Begin(context, request, action, statement, outcome, timings, streamed: false, body.Length);
        else if (context.Response.SupportsTrailers() && outcome.Total is null) context.Response.AppendTrailer("Content-Range", Range(request, action, outcome));
        if (!request.IsHead && context.Response.StatusCode is not (204 or 205 or 304)) await body.Flush(ct);
        await context.Response.CompleteAsync();
    }

    // What the planner thinks the page and the count cost together, remembered for a while: the same question is asked many
    // times a second. The same question has the same values and the same asker: one value may be rare and another half a table.
    private async Task RefuseCostly(NpgsqlConnection connection, ApiRequest request, ActionPlan action, Statement statement, Asker asker, double most, CancellationToken ct)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (name, value) in asker.Settings)
        {
            SqlText.Tell(hash, name);
            SqlText.Tell(hash, value);
        }
        // Which row a key names makes no difference.
        var values = !ByKey(((ReadAction)action).Rows);
        statement.Main.Tell(hash, values);
        statement.Total?.Tell(hash, values);
        var question = Convert.ToHexString(hash.GetHashAndReset());
        if (!costs.TryGetValue(question, out var known) || Stopwatch.GetElapsedTime(known.At) > TimeSpan.FromMinutes(1))
        {
            await using var batch = new NpgsqlBatch(connection);
            batch.BatchCommands.Add(Settings(request, action, asker, reads: true));
            batch.BatchCommands.Add(statement.Main.Command("explain (format json) "));
            if (statement.Total is { } total) batch.BatchCommands.Add(total.Command("explain (format json) "));
            await using var reader = await batch.ExecuteReaderAsync(ct);
            var cost = 0.0;
            while (await reader.NextResultAsync(ct))
            {
                await reader.ReadAsync(ct);
                using var plan = JsonDocument.Parse(reader.GetString(0), new JsonDocumentOptions { MaxDepth = 1000 });
                cost += plan.RootElement[0].GetProperty("Plan").GetProperty("Total Cost").GetDouble();
            }
            known = (cost, Stopwatch.GetTimestamp());
            if (costs.Count > 5000) costs.Clear();
            costs[question] = known;
        }
        if (known.Cost > most)
            throw new ApiError(400, "57014", "This question costs more than is allowed here") { Hint = "Ask for fewer rows: filter by an indexed column, give a limit, embed less, or do without an exact count.", Details = string.Create(CultureInfo.InvariantCulture, $"Estimated at {known.Cost:0}, the limit is {most:0}") };
    }

    private readonly ConcurrentDictionary<string, (double Cost, long At)> costs = new();

    // One row of a table, or of a view that shows its rows, is asked for by the whole key, and nothing beside it.
    private bool ByKey(ReadPlan plan)
    {
        if (plan.Relation is not { } relation || plan.Embeds.Count > 0) return false;
        var table = relation.IsView ? relation.RowsOf : relation;
        if (table is not { PrimaryKey.Count: > 0 }) return false;
        bool Is(Column column, string key) => relation.IsView
            ? relation.Origins.TryGetValue(column.Name, out var origin) && ReferenceEquals(origin.Table, table) && origin.Column == key
            : column.Name == key;
        return table.PrimaryKey.TrueForAll(k => k == options.Exposure.TenantColumn || plan.Where.Exists(c =>
            c is Compare { Aggregate: Aggregate.None, Value: { Path: [], Column: { } column }, Is: { Op: Op.Eq, Negated: false, Quantifier: Quantifier.One } } && Is(column, k)));
    }

    private static bool Decides(ApiRequest request, ActionPlan action) => action is WriteAction or CallAction { ReadOnly: false }
        && (action.Shape.Form == Form.JsonObject || (request.Prefer is { MaxAffected: not null, Strict: true }) || action is WriteAction { Change: Change.Upsert });

    // -----------------------------------------------------------------------------------------------------
    // Sending

    private NpgsqlBatch Batch(NpgsqlConnection connection, NpgsqlTransaction? transaction, ApiRequest request, ActionPlan action, Statement statement, Asker asker, bool reads, bool responds, bool ready)
    {
        var batch = new NpgsqlBatch(connection, transaction) { Timeout = 0 };
        if (!ready) batch.BatchCommands.Add(Settings(request, action, asker, reads));
        if (options.PreRequest is var (schema, name)) batch.BatchCommands.Add(new SqlText().Add("select ").Add(Catalogue.Identifier.Of(schema, name)).Add("()").Command());
        if (statement.Existing is { } existing) batch.BatchCommands.Add(existing.Command());
        if (statement.Total is { } total) batch.BatchCommands.Add(total.Command());
        if (statement.Estimate is { } estimate) batch.BatchCommands.Add(estimate.Command());
        if (action is not WriteAction { Nothing: true }) batch.BatchCommands.Add(statement.Main.Command());
        if (responds) batch.BatchCommands.Add(new NpgsqlBatchCommand("select nullif(current_setting('response.headers', true), ''), nullif(current_setting('response.status', true), '')"));
        return batch;
    }

    private static NpgsqlBatchCommand Settings(ApiRequest request, ActionPlan action, Asker asker, bool reads)
    {
        var text = new StringBuilder("select ");
        var command = new NpgsqlBatchCommand();
        void Set(string name, string value)
        {
            if (command.Parameters.Count > 0) text.Append(", ");
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = value, NpgsqlDbType = NpgsqlDbType.Text });
            text.Append("set_config('").Append(name).Append("', $").Append(command.Parameters.Count).Append(", true)");
        }
        foreach (var (name, value) in asker.Settings) Set(name, value);
        if (request.Prefer.TimeZone is { } zone) Set("timezone", zone);
        if (action is CallAction { Routine.Timeout: { } timeout }) Set("statement_timeout", timeout);
        if (reads) text.Append(command.Parameters.Count > 0 ? ", " : "").Append("set_config('transaction_read_only', 'on', true)");
        else if (command.Parameters.Count == 0) text.Append('1');
        command.CommandText = text.ToString();
        return command;
    }

    // -----------------------------------------------------------------------------------------------------
    // Reading

    private async Task Read(NpgsqlBatch batch, ApiRequest request, ActionPlan action, Statement statement, Asker asker, Body body, Outcome outcome, bool responds, bool ready, CancellationToken ct)
    {
        await using var reader = await batch.ExecuteReaderAsync(ct);
        if (!ready) await reader.NextResultAsync(ct);
        if (options.PreRequest is not null) await reader.NextResultAsync(ct);
        if (statement.Existing is not null)
        {
            await reader.ReadAsync(ct);
            outcome.Existed = reader.GetBoolean(0);
            await reader.NextResultAsync(ct);
        }
        if (statement.Total is not null)
        {
            await reader.ReadAsync(ct);
            outcome.Total = reader.GetInt64(0);
            await reader.NextResultAsync(ct);
        }
        if (statement.Estimate is not null)
        {
            await reader.ReadAsync(ct);
            using var plan = JsonDocument.Parse(reader.GetString(0), new JsonDocumentOptions { MaxDepth = 1000 });
            var expected = plan.RootElement[0].GetProperty("Plan").GetProperty("Plan Rows").GetInt64();
            // What was counted is true, unless counting stopped at the length of a page.
            outcome.Total = outcome.Total is { } counted ? (asker.MaxRows ?? options.MaxRows) is { } most && counted <= most ? counted : Math.Max(counted, expected) : expected;
            await reader.NextResultAsync(ct);
        }
        if (action is WriteAction { Nothing: true }) Nothing(action, body);
        else
        {
            try
            {
                await Rows(reader, batch, request, action, statement, body, outcome, responds, ct);
            }
            catch (OperationCanceledException) when (body.Streams)
            {
                // Nobody fetches the rest, and the connection is free only when PostgreSQL has ended too.
                await Task.Run(batch.Cancel, CancellationToken.None);
                throw;
            }
            if (!statement.Affects) await reader.NextResultAsync(ct);
        }
        if (responds && await reader.ReadAsync(ct))
        {
            outcome.Headers = reader.IsDBNull(0) ? null : reader.GetString(0);
            outcome.Status = reader.IsDBNull(1) ? null : reader.GetString(1);
        }
    }

    private static void Nothing(ActionPlan action, Body body)
    {
        if (action is WriteAction { Return: Return.Representation }) body.Write("[]"u8);
    }

    private static async Task Rows(NpgsqlDataReader reader, NpgsqlBatch batch, ApiRequest request, ActionPlan action, Statement statement, Body body, Outcome outcome, bool responds, CancellationToken ct)
    {
        if (statement.CountsOnly)
        {
            if (!await reader.ReadAsync(ct)) return;
            // A function's single value is one row; of rows there is a count.
            outcome.Rows = reader.GetFieldType(0) == typeof(long) && action is not CallAction { Rows: null } ? reader.GetInt64(0) : 1;
            return;
        }
        if (statement.Affects)
        {
            // A command without rows is no result: the reader is past it.
            outcome.Rows = (long)batch.BatchCommands[batch.BatchCommands.Count - (responds ? 2 : 1)].Rows;
            return;
        }
        if (statement.ReturnsKeys)
        {
            while (await reader.ReadAsync(ct)) outcome.Keys.Add(reader.GetFieldValue<string[]>(0));
            outcome.Rows = outcome.Keys.Count;
            return;
        }
        var call = action as CallAction;
        var single = call is { Routine.ReturnsSet: false } || action.Shape.Form is Form.JsonObject or Form.Handler or Form.Raw or Form.GeoJson or Form.Plan;
        var array = action.Shape.Form == Form.JsonArray && (call is null || call.Routine.ReturnsSet);
        // With a count, a function's rows all come, and those outside the page are counted and dropped.
        var counts = call is { Rows: not null } && request.Prefer.Count != Counting.None;
        var (skip, take) = counts ? (call!.Rows!.Offset, call.Rows.Limit ?? long.MaxValue) : (0, long.MaxValue);
        if (array) body.Write("["u8);
        if (statement.CsvHeader is { } header) Header(body, header);
        long seen = 0;
        while (await reader.ReadAsync(ct))
        {
            if (call is { Routine.ReturnsVoid: true }) continue;
            seen++;
            if (seen <= skip || seen - skip > take) continue;
            outcome.Rows++;
            if (single && outcome.Rows > 1 && action.Shape.Form != Form.Plan) continue;
            if (array && outcome.Rows > 1) body.Write(","u8);
            if (action.Shape.Form == Form.Csv || (action.Shape.Form == Form.Plan && outcome.Rows > 1)) body.Write("\n"u8);
            Value(reader, body);
            await body.Row(ct);
        }
        if (array) body.Write("]"u8);
        if (counts || (call is not null && request.Prefer.Count != Counting.None)) outcome.Total = seen;
        if (call is { Routine.ReturnsSet: false } or { Shape.Form: Form.Raw }) outcome.Rows = Math.Min(outcome.Rows, 1);
    }

    private static void Header(Body body, IReadOnlyList<string> names)
    {
        for (var i = 0; i < names.Count; i++)
        {
            if (i > 0) body.Write(","u8);
            body.Write(Encoding.UTF8.GetBytes(names[i]));
        }
    }

    private static void Value(NpgsqlDataReader reader, Body body)
    {
        if (reader.IsDBNull(0))
        {
            body.Write("null"u8);
            return;
        }
        body.Write(reader.GetFieldValue<byte[]>(0));
    }

    // -----------------------------------------------------------------------------------------------------
    // What has to be right before the transaction ends

    private static void Check(ApiRequest request, ActionPlan action, Outcome outcome)
    {
        var writes = action is WriteAction { Change: not Change.Insert } or CallAction { ReadOnly: false };
        if (writes && request.Prefer is { Strict: true, MaxAffected: { } most })
        {
            if (action is CallAction { Routine.ReturnsSet: false })
                throw new ApiError(400, "PGRST128", "Function must return SETOF or TABLE when max-affected preference is used with handling=strict");
            if (outcome.Rows > most) throw new ApiError(400, "PGRST124", "Query result exceeds max-affected preference constraint") { Details = $"The query affects {outcome.Rows} rows" };
        }
        if (action.Shape.Form == Form.JsonObject && outcome.Rows != 1 && action is not CallAction { Routine.ReturnsSet: false })
            throw new ApiError(406, "PGRST116", "Cannot coerce the result to a single JSON object") { Details = $"The result contains {outcome.Rows} rows" };
        if (action is WriteAction { Change: Change.Upsert } && outcome.Rows != 1)
            throw new ApiError(400, "PGRST115", "Payload values do not match URL in primary key column(s)");
        // Nobody reads beyond the end.
        if (outcome.Total is { } total && Offset(action) > total)
            throw new ApiError(416, "PGRST103", "Requested range not satisfiable")
            {
                Details = $"An offset of {Offset(action)} was requested, but there are only {total} rows.",
                Headers = [new("Content-Range", $"*/{total}")],
            };
    }

    private static long Offset(ActionPlan action) => action switch { ReadAction read => read.Rows.Offset, CallAction { Rows: { } rows } => rows.Offset, _ => 0 };

    // -----------------------------------------------------------------------------------------------------
    // Answering

    private static string Range(ApiRequest request, ActionPlan action, Outcome outcome)
    {
        var total = outcome.Total?.ToString(CultureInfo.InvariantCulture) ?? "*";
        if (action is WriteAction write)
        {
            if (request.Prefer.Count == Counting.Exact) total = outcome.Rows.ToString(CultureInfo.InvariantCulture);
            return write.Change == Change.Update && outcome.Rows > 0 ? $"0-{outcome.Rows - 1}/{total}" : $"*/{total}";
        }
        var from = Offset(action);
        return outcome.Rows == 0 ? $"*/{total}" : $"{from}-{from + outcome.Rows - 1}/{total}";
    }

    private Task Begin(HttpContext context, ApiRequest request, ActionPlan action, Statement statement, Outcome outcome, Timings timings, bool streamed, int length = 0)
    {
        var (response, headers) = (context.Response, context.Response.Headers);
        var write = action as WriteAction;
        response.StatusCode = Status(action, outcome);
        var empty = response.StatusCode == 204 || (write is not null && write.Return != Return.Representation);
        if (!empty) response.ContentType = action.Shape.ContentType;

        if (streamed && outcome.Total is null)
        {
            // How many rows there are is known at the end.
            if (response.SupportsTrailers()) response.DeclareTrailer("Content-Range");
        }
        else if (streamed)
        {
            var rows = Math.Max(0, Math.Min((action as ReadAction)?.Rows.Limit ?? long.MaxValue, outcome.Total!.Value - Offset(action)));
            headers.ContentRange = $"{Offset(action)}-{Offset(action) + rows - 1}/{outcome.Total}";
            response.StatusCode = rows < outcome.Total ? 206 : 200;
        }
        else if (write is null or not { Change: Change.Upsert }) headers.ContentRange = Range(request, action, outcome);

        if (request.Reads && action is ReadAction or CallAction)
            headers.ContentLocation = action.Query.Canonical.Length > 0 ? $"{request.Path}?{action.Query.Canonical}" : request.Path;
        var upserts = write is { Conflict.Count: > 0 };
        if (request.Prefer.Applied(write is not null, write?.Change == Change.Insert, upserts, options.MayChooseEnd, action is CallAction) is { } applied) headers["Preference-Applied"] = applied;
        if (options.Exposure.Schemas.Count > 1) headers["Content-Profile"] = action.Schema;
        if (statement.ReturnsKeys && outcome.Keys is [var key])
            headers.Location = "/" + write!.Relation.Name + "?" + string.Join('&', write.Relation.PrimaryKey.Select((name, i) => Uri.EscapeDataString(name) + (key[i] is null ? "=is.null" : "=eq." + Uri.EscapeDataString(key[i]))));
        if (!streamed) Said(response, outcome);
        if (options.ServerTiming) headers["Server-Timing"] = timings.Header();
        if (!streamed && !request.IsHead && response.StatusCode is not (204 or 205)) response.ContentLength = empty ? 0 : length;
        return Task.CompletedTask;
    }

    private static int Status(ActionPlan action, Outcome outcome)
    {
        switch (action)
        {
            // An upsert that found every row only changed them.
            case WriteAction { Change: Change.Insert }: return outcome.Existed ? 200 : 201;
            case WriteAction { Change: Change.Upsert } put: return put.Return == Return.Representation ? outcome.Existed ? 200 : 201 : outcome.Existed ? 204 : 201;
            case WriteAction write: return write.Return == Return.Representation ? 200 : 204;
            case CallAction { Routine.ReturnsVoid: true }: return 204;
        }
        return outcome.Total is { } total && outcome.Rows < total ? 206 : 200;
    }

    // Functions may set response.status and response.headers.
    private static void Said(HttpResponse response, Outcome outcome)
    {
        if (outcome.Status is { } word)
            response.StatusCode = int.TryParse(word, out var status) && status is >= 200 and < 600 ? status : throw new ApiError(500, "PGRST112", "response.status guc must be a valid status code");
        if (outcome.Headers is not { } text) return;
        foreach (var group in SaidHeaders(text).GroupBy(h => h.Key, StringComparer.OrdinalIgnoreCase))
            response.Headers[group.Key] = group.Select(h => h.Value).ToArray();
    }

    private static List<KeyValuePair<string, string>> SaidHeaders(string text)
    {
        var wrong = new ApiError(500, "PGRST111", "response.headers guc must be a JSON array composed of objects with a single key and a string value");
        try
        {
            using var json = JsonDocument.Parse(text);
            if (json.RootElement.ValueKind != JsonValueKind.Array) throw wrong;
            var found = new List<KeyValuePair<string, string>>();
            foreach (var item in json.RootElement.EnumerateArray())
            {
                if (item.ValueKind != JsonValueKind.Object || item.EnumerateObject().ToList() is not [var only] || only.Value.ValueKind != JsonValueKind.String) throw wrong;
                found.Add(new(only.Name, only.Value.GetString()!));
            }
            return found;
        }
        catch (JsonException)
        {
            throw wrong;
        }
    }
}

using Clientele.DataApi.Catalogue;
using Clientele.DataApi.Parse;
using Clientele.DataApi.Plan;
using NpgsqlTypes;

namespace Clientele.DataApi.Compile;

/// <summary>What is asked of the database for one request, and how its answer is to be read.</summary>
internal sealed class Statement
{
    /// <summary>Rows of one column, the body's pieces; or, with <see cref="CountsOnly"/>, how many there would be.</summary>
    public required SqlText Main { get; init; }

    /// <summary>Of a HEAD request.</summary>
    public bool CountsOnly { get; init; }

    /// <summary>Main returns no rows; what it affected is what counts.</summary>
    public bool Affects { get; init; }

    /// <summary>How many rows there are in all.</summary>
    public SqlText? Total { get; init; }

    /// <summary>What the planner expects, as JSON.</summary>
    public SqlText? Estimate { get; init; }

    /// <summary>Whether the rows an upsert brings are all there already.</summary>
    public SqlText? Existing { get; init; }

    /// <summary>Main's rows are the keys of what was written.</summary>
    public bool ReturnsKeys { get; init; }

    /// <summary>First line of a CSV.</summary>
    public IReadOnlyList<string>? CsvHeader { get; init; }
}

/// <summary>Writes the statement of an action.</summary>
internal static class StatementCompiler
{
    public static Statement Compile(ActionPlan action, ApiRequest request, long? maxRows, bool audited) => action switch
    {
        ReadAction read => Read(read, request, maxRows),
        CallAction call => Call(call, request),
        WriteAction write => Write(write, audited),
        _ => throw new InvalidOperationException("This action has no statement."),
    };

    // -----------------------------------------------------------------------------------------------------

    private static Statement Read(ReadAction action, ApiRequest request, long? maxRows)
    {
        var sql = new SqlText();
        var counting = request.Prefer.Count;
        Body(sql, action, action.Rows, request.IsHead, null);
        SqlText? total = null, estimate = null;
        if (counting is Counting.Exact or Counting.Estimated)
        {
            total = new SqlText();
            // An estimate is wanted where counting takes long: it is counted no further than a page goes.
            var bounded = counting == Counting.Estimated && maxRows is not null;
            if (bounded)
            {
                total.Add("select count(*) from (");
                new ReadCompiler(total, false).Bare(action.Rows);
                total.Add(" limit ").Value(maxRows!.Value + 1).Add(") r");
            }
            else new ReadCompiler(total, false).Count(action.Rows);
        }
        if (counting is Counting.Planned or Counting.Estimated)
        {
            estimate = new SqlText().Add("explain (format json) ");
            new ReadCompiler(estimate, false).Bare(action.Rows);
        }
        return new Statement { Main = sql, CountsOnly = request.IsHead && action.Shape.Form != Form.Plan, Total = total, Estimate = estimate, CsvHeader = Header(action.Shape, action.Rows, null) };
    }

    private static IReadOnlyList<string>? Header(Shape shape, ReadPlan plan, Action? source) =>
        shape.Form == Form.Csv ? new ReadCompiler(new SqlText(), false) { Source = source }.Labels(plan) : null;

    private static void Body(SqlText sql, ActionPlan action, ReadPlan plan, bool head, Action? source)
    {
        var shape = action.Shape;
        if (shape.Plan is { } wanted) Explain(sql, wanted);
        var compiler = new ReadCompiler(sql, shape.StripNulls) { Source = source };
        if (head && shape.Form != Form.Plan) compiler.CountRows(plan);
        else if (shape.Form == Form.Csv) compiler.Records(plan, () => sql.Add("substring(r::text, 2, length(r::text) - 2)"));
        else if (shape.Form == Form.GeoJson) compiler.Records(plan, () => sql.Add("json_build_object('type', 'FeatureCollection', 'features', coalesce(json_agg(ST_AsGeoJSON(r)::json), '[]'::json))"));
        else if (shape.Handler is { } handler)
        {
            compiler.Records(plan, () =>
            {
                sql.Add(handler.Sql).Add("(");
                if (handler.Relation > 0) sql.Add("(r)::").Add(plan.Relation!.Sql);
                else sql.Add("r");
                sql.Add(")");
            });
        }
        else compiler.Rows(plan);
    }

    private static void Explain(SqlText sql, MediaType wanted)
    {
        sql.Add("explain (format ").Add(wanted.PlanJson, "json", "text");
        foreach (var option in wanted.PlanOptions.Split('|'))
        {
            switch (option)
            {
                case "analyze": sql.Add(", analyze"); break;
                case "verbose": sql.Add(", verbose"); break;
                case "settings": sql.Add(", settings"); break;
                case "buffers": sql.Add(", buffers"); break;
                case "wal": sql.Add(", wal"); break;
            }
        }
        sql.Add(") ");
    }

    // -----------------------------------------------------------------------------------------------------

    private static Statement Call(CallAction action, ApiRequest request)
    {
        var sql = new SqlText();
        var routine = action.Routine;
        var counting = request.Prefer.Count != Counting.None;
        if (action.Rows is { } rows && !(routine.ReturnTypeSql is not null && rows.Outputs is [AllColumns] && action.Shape.Form is Form.JsonArray or Form.JsonObject && !request.IsHead))
        {
            void Source() => Called(sql, action, rows.Number, row: true);
            if (counting)
            {
                // Called once: what is behind the page is counted as it comes, and left out of the answer.
                var (limit, offset) = (rows.Limit, rows.Offset);
                (rows.Limit, rows.Offset) = (null, 0);
                Body(sql, action, rows, head: false, Source);
                (rows.Limit, rows.Offset) = (limit, offset);
            }
            else Body(sql, action, rows, request.IsHead, Source);
            return new Statement { Main = sql, CountsOnly = request.IsHead && !counting, CsvHeader = Header(action.Shape, rows, Source) };
        }
        if (action.Shape.Plan is { } wanted) Explain(sql, wanted);
        sql.Add("select ");
        if (routine.ReturnsVoid) sql.Add("1 from ");
        else if (action.Shape.Form == Form.Raw) sql.Add("t0.v from ");
        else if (action.Shape.Form == Form.Csv) sql.Add("t0.v::text from ");
        else if (routine.ReturnTypeSql is { } type) sql.Add("to_json((t0)::").Add(type).Add(") from ");
        else if (routine.ReturnsRecord)
        {
            // Such rows have no columns until the call is over, so it stands where a value does.
            sql.Add("to_json(");
            Invoke(sql, action);
            sql.Add(")");
            if (action.Json is not null && action.Members.Count > 0)
            {
                sql.Add(" from ");
                Members(sql, action);
            }
            return new Statement { Main = sql };
        }
        else sql.Add(action.Shape.StripNulls, "json_strip_nulls(to_json(t0.v)) from ", "to_json(t0.v) from ");
        Called(sql, action, 0, row: routine.ReturnTypeSql is not null);
        return new Statement { Main = sql, CsvHeader = action.Shape.Form == Form.Csv ? [routine.Name] : null };
    }

    private static void Called(SqlText sql, CallAction action, int number, bool row)
    {
        if (action.Json is not null && action.Members.Count > 0)
        {
            Members(sql, action);
            sql.Add(", lateral ");
        }
        Invoke(sql, action);
        sql.Add(" as t", number);
        if (!row) sql.Add("(v)");
    }

    private static void Members(SqlText sql, CallAction action)
    {
        sql.Add("json_to_record(").Value(action.Json, NpgsqlDbType.Unknown).Add("::json) as a(");
        for (var i = 0; i < action.Members.Count; i++)
            sql.Add(i > 0, ", ", "").Add(Identifier.Of(action.Members[i].Name)).Add(" ").Add(action.Members[i].TypeSql);
        sql.Add(")");
    }

    private static void Invoke(SqlText sql, CallAction action)
    {
        sql.Add(action.Routine.Sql).Add("(");
        if (action.Whole is { } whole)
        {
            if (action.Routine.Parameters[0].Type == "bytea") sql.Add("decode(").Value(Convert.ToBase64String(whole.Span)).Add(", 'base64')");
            else sql.Value(System.Text.Encoding.UTF8.GetString(whole.Span)).Add("::").Add(action.Routine.Parameters[0].TypeSql);
        }
        for (var i = 0; i < action.Members.Count; i++)
        {
            var member = action.Members[i];
            sql.Add(i > 0, ", ", "").Add(member.Variadic, "variadic ", "").Add(Identifier.Of(member.Name)).Add(" => a.").Add(Identifier.Of(member.Name));
        }
        for (var i = 0; i < action.Texts?.Count; i++)
        {
            var (parameter, values) = action.Texts[i];
            sql.Add(i > 0, ", ", "").Add(parameter.Variadic, "variadic ", "").Add(Identifier.Of(parameter.Name)).Add(" => ")
                .Value(parameter.Variadic ? Values.ArrayLiteral(values) : values[0]).Add("::").Add(parameter.TypeSql);
        }
        sql.Add(")");
    }

    // -----------------------------------------------------------------------------------------------------

    private static Statement Write(WriteAction action, bool audited)
    {
        var sql = new SqlText();
        SqlText? existing = null;
        if (action.Change == Change.Upsert)
        {
            existing = new SqlText().Add("select exists (select from ").Add(action.Relation.Sql).Add(" as t0");
            Conditions(existing, action);
            existing.Add(")");
        }
        else if (action is { Change: Change.Insert, Merge: true, Conflict.Count: > 0, Payload.Count: > 0 })
        {
            existing = new SqlText().Add("select count(*) >= ").Value(action.Payload.Count).Add(" from ").Add(action.Relation.Sql).Add(" as t0");
            Audit.Conflicting(existing, action);
        }
        var keys = action.Return == Return.HeadersOnly && action.Change == Change.Insert && action.Relation.PrimaryKey.Count > 0;
        var shown = action.Return == Return.Representation;
        if (action.Shape.Plan is { } wanted) Explain(sql, wanted);
        audited &= action.Shape.Plan is null;
        if (audited) Audit.Begin(sql, action);
        if (!shown && audited)
        {
            if (keys) Key(sql.Add("select "), action).Add(" from written as t0");
            else sql.Add("select count(*) from written");
            return new Statement { Main = sql, Existing = existing, CountsOnly = !keys, ReturnsKeys = keys };
        }
        if (!shown)
        {
            Mutate(sql, action);
            if (keys)
            {
                Key(sql.Add(" returning "), action);
            }
            return new Statement { Main = sql, Existing = existing, Affects = !keys && action.Shape.Plan is null, ReturnsKeys = keys };
        }
        if (!audited)
        {
            sql.Add("with written as (");
            Mutate(sql, action);
            Returning(sql, action);
            sql.Add(") ");
        }
        var conditions = action.Rows.Where.ToList();
        action.Rows.Where.Clear();
        void Source() => sql.Add("written as t0");
        Body(sql, new ReadAction { Schema = action.Schema, Query = action.Query, Shape = action.Shape with { Plan = null }, Rows = action.Rows }, action.Rows, head: false, Source);
        action.Rows.Where.AddRange(conditions);
        return new Statement { Main = sql, Existing = existing, CsvHeader = Header(action.Shape, action.Rows, Source) };
    }

    private static SqlText Key(SqlText sql, WriteAction action)
    {
        sql.Add("array[");
        for (var i = 0; i < action.Relation.PrimaryKey.Count; i++)
            sql.Add(i > 0, ", ", "").Add("t0.").Add(action.Relation.ByName[action.Relation.PrimaryKey[i]].Sql).Add("::text");
        return sql.Add("]");
    }

    internal static void Mutate(SqlText sql, WriteAction action)
    {
        switch (action.Change)
        {
            case Change.Update: Update(sql, action); break;
            case Change.Delete:
                sql.Add("delete from ").Add(action.Relation.Sql).Add(" as t0");
                Conditions(sql, action);
                break;
            default: Insert(sql, action); break;
        }
    }

    internal static void Conditions(SqlText sql, WriteAction action)
    {
        var compiler = new ReadCompiler(sql, false);
        compiler.OwnConditions(action.Rows);
    }

    private static void Insert(SqlText sql, WriteAction action)
    {
        sql.Add("insert into ").Add(action.Relation.Sql).Add(" as t0");
        if (action.Columns.Count == 0)
        {
            // As many rows of nothing but defaults.
            sql.Add(" select from json_array_elements(").Value(action.Payload!.Rows).Add("::json)");
        }
        else
        {
            sql.Add(" (");
            for (var i = 0; i < action.Columns.Count; i++) sql.Add(i > 0, ", ", "").Add(action.Columns[i].Sql);
            sql.Add(")");
            if (action.Columns.Exists(c => c.Generated && c.Default is not null && c.DefaultText is null)) sql.Add(" overriding user value");
            sql.Add(" select ");
            Taken(sql, action);
            sql.Add(" from ");
            Brought(sql, action, many: true);
        }
        if (action.Conflict.Count == 0) return;
        sql.Add(" on conflict (");
        for (var i = 0; i < action.Conflict.Count; i++) sql.Add(i > 0, ", ", "").Add(action.Conflict[i].Sql);
        sql.Add(")");
        if (!action.Merge || action.Columns.Count == 0)
        {
            sql.Add(" do nothing");
            return;
        }
        sql.Add(" do update set ");
        for (var i = 0; i < action.Columns.Count; i++) sql.Add(i > 0, ", ", "").Add(action.Columns[i].Sql).Add(" = excluded.").Add(action.Columns[i].Sql);
    }

    private static void Update(SqlText sql, WriteAction action)
    {
        sql.Add("update ").Add(action.Relation.Sql).Add(" as t0 set ");
        for (var i = 0; i < action.Columns.Count; i++)
        {
            sql.Add(i > 0, ", ", "").Add(action.Columns[i].Sql).Add(" = ");
            One(sql, action.Columns[i]);
        }
        sql.Add(" from ");
        Brought(sql, action, many: false);
        Conditions(sql, action);
    }

    private static void Taken(SqlText sql, WriteAction action)
    {
        for (var i = 0; i < action.Columns.Count; i++)
        {
            if (i > 0) sql.Add(", ");
            One(sql, action.Columns[i]);
        }
    }

    // The payload's value, in the form the column has for JSON.
    private static void One(SqlText sql, Column column)
    {
        if (column.Representation?.FromJson is { } read) sql.Add(read).Add("(b.").Add(column.Sql).Add(")");
        else sql.Add("b.").Add(column.Sql);
    }

    internal static void Brought(SqlText sql, WriteAction action, bool many)
    {
        var text = many ? action.Payload!.Rows : action.Payload!.First;
        if (!action.MissingDefault)
        {
            sql.Add(many, "json_to_recordset(", "json_to_record(").Value(text).Add("::json)");
        }
        else if (many)
        {
            sql.Add("(select jsonb_agg(");
            Defaults(sql, action);
            sql.Add(" || e) as rows from jsonb_array_elements(").Value(text).Add("::jsonb) as e) as d, jsonb_to_recordset(d.rows)");
        }
        else
        {
            sql.Add("jsonb_to_record(");
            Defaults(sql, action);
            sql.Add(" || ").Value(text).Add("::jsonb)");
        }
        sql.Add(" as b(");
        for (var i = 0; i < action.Columns.Count; i++)
        {
            sql.Add(i > 0, ", ", "").Add(action.Columns[i].Sql).Add(" ");
            if (action.Columns[i].Representation?.FromJson is not null) sql.Add("json");
            else sql.Add(action.Columns[i].TypeSql);
        }
        sql.Add(")");
    }

    private static void Defaults(SqlText sql, WriteAction action)
    {
        sql.Add("jsonb_build_object(");
        var first = true;
        foreach (var column in action.Columns)
        {
            if (column.Default is not { } given) continue;
            sql.Add(first, "", ", ").Literal(column).Add(", ").Add(given);
            first = false;
        }
        sql.Add(")");
    }

    private static void Returning(SqlText sql, WriteAction action)
    {
        sql.Add(" returning ");
        Needed.Write(sql, action.Rows, action.Relation);
    }
}

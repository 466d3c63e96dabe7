using System.IO.Compression;
using System.Text;
using Clientele.Platform.Imports;
using Clientele.Platform.Problems;
using Clientele.Testing;

namespace Clientele.Commerce.Tests;

/// <summary>Rubbish is refused with one clear sentence, and leaves nothing behind.</summary>
public sealed class BadFilesTests(BadFilesTests.Database database) : IClassFixture<BadFilesTests.Database>
{
    public sealed class Database : TestDatabase;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static byte[] Zipped(byte[] content)
    {
        using var memory = new MemoryStream();
        using (var zip = new GZipStream(memory, CompressionLevel.Fastest)) zip.Write(content);
        return memory.ToArray();
    }

    private static readonly Dictionary<string, (byte[] Content, string Code)> files = new()
    {
        ["empty"] = (Array.Empty<byte>(), "file_empty"),
        ["only line ends"] = (Bytes("\n\n\n"), "file_empty"),
        ["header only"] = (Bytes(Rig.Header), "file_empty"),
        ["empty gzip"] = (Zipped([]), "file_empty"),
        ["UTF-16"] = (Encoding.Unicode.GetPreamble().Concat(Encoding.Unicode.GetBytes(Rig.Header)).ToArray(), "file_not_text"),
        ["a zero byte"] = (Bytes(Rig.Header + "1,\0,2\n"), "file_not_text"),
        ["an Excel file"] = (Bytes("PK\u0003\u0004 and so on"), "file_not_text"),
        ["a 10 MB line"] = (Bytes(Rig.Header + new string('x', 10_000_000)), "line_too_long"),
        ["a 10 MB line, gzipped"] = (Zipped(Bytes(Rig.Header + new string('x', 10_000_000))), "line_too_long"),
        ["cut gzip"] = (Zipped(Bytes(string.Concat(Enumerable.Range(0, 20_000).Select(n => $"{n * 7919}\n"))))[..^4000], "file_damaged"),
        ["no gzip after its sign"] = ((byte[])[0x1F, 0x8B, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 255, 255, 255], "file_damaged"),
    };

    // By name: the runner would write ten megabytes of test data into the test's name.
    public static TheoryData<string> Files => [.. files.Keys];

    [Theory]
    [MemberData(nameof(Files))]
    public async Task A_bad_file_is_refused_on_arrival(string what)
    {
        var (content, code) = files[what];
        var problem = await Assert.ThrowsAsync<Problem>(() => Rig.Upload(database, database.Alpha, content));
        Assert.Equal((what, code), (what, problem.Code));
        Assert.Equal(0, await database.Db.One<long>($"select count(*) from platform.imports i where i.state = 'receiving'", Ct));
        Assert.Equal(0, await database.Db.One<long>($"select count(*) from platform.import_pieces p where not exists (select from platform.imports i where i.id = p.import_id)", Ct));
    }

    [Theory]
    [InlineData("""{ "format": { "date": "yyyy-MM-dd HH:mm", "currency": "GBP" } }""", "columns.orderNumber")]
    [InlineData("""{ "format": { "date": "yyyy-MM-dd HH:mm" }, "columns": { "orderNumber": "Order" } }""", "format.currency")]
    [InlineData("""{ "format": { "date": "yyyy-MM-dd HH:mm", "currency": "GBP" }, "columns": { "orderNumber": "Nope" } }""", "columns.orderNumber")]
    [InlineData("""{ "format": { "date": "yyyy-MM-dd HH:mm", "currency": "GBP" }, "columns": { "colour": "Order" } }""", "columns.colour")]
    [InlineData("""{ "format": { "date": "whenever", "currency": "GBP" } }""", "format.date")]
    [InlineData("""{ "format": { "timeZone": "Mars/Olympus", "currency": "GBP" } }""", "format.timeZone")]
    [InlineData("""{ "format": { "encoding": "ebcdic", "currency": "GBP" } }""", "format.encoding")]
    [InlineData("""{ "format": { "delimiter": ";;", "currency": "GBP" } }""", "format.delimiter")]
    [InlineData("""{ "format": { "exchangeRate": -1, "currency": "GBP" } }""", "format.exchangeRate")]
    [InlineData("""{ "format": { "currency": "GBP" }, "kinds": { "order": "(" } }""", "kinds.order")]
    [InlineData("""{ "format": { "currency": "GBP" }, "status": "lost" }""", "status")]
    public async Task A_mapping_that_does_not_fit_is_refused_by_field_and_nothing_is_written(string mapping, string field)
    {
        var id = await Rig.Upload(database, database.Alpha, Rig.Header + "1,2024-01-01 10:00,Z,Cup,1,9.00,a,Peru\n");
        var problem = await Assert.ThrowsAsync<Problem>(() => ImportCommands.Start(database.Db, [new Imports.OrderImporter()], id, Mapping.Parse(mapping), Ct));
        Assert.Equal("validation_failed", problem.Code);
        Assert.Contains(field, problem.Errors!.Keys);
        Assert.Equal("uploaded", (await ImportCommands.Get(database.Db, id, Ct)).State);
    }

    [Theory]
    [InlineData("{ \"format\": {},\n\n  \"delimiter\": \";\" }", "The mapping has no member \"delimiter\" (line 3, column 3); it belongs in \"format\".")]
    [InlineData("{ \"format\": { \"status\": \"delivered\" } }", "\"format\" has no member \"status\" (line 1, column 15); it belongs at the top, beside \"format\" and \"columns\".")]
    [InlineData("{ \"colour\": 1 }", "The mapping has no member \"colour\" (line 1, column 3); there is format, columns, kinds, status.")]
    [InlineData("{ \"format\": { \"exchangeRate\": \"2\" } }", "\"format.exchangeRate\" must be a number (line 1, column 31).")]
    [InlineData("{ \"columns\": { \"é\": [1, {}] } }", "\"columns.é\" must be a header's name, or {\"column\": name, \"pattern\": expression} (line 1, column 21).")]
    [InlineData("{ \"columns\": { \"quantity\": { \"pattern\": \"x\" } } }", "\"columns.quantity\" has no \"column\" (line 1, column 28). Write a header's name, or {\"column\": name, \"pattern\": expression}.")]
    [InlineData("{ \"columns\": { \"quantity\": { \"columm\": \"x\", \"column\": \"y\" } } }", "\"columns.quantity\" has no member \"columm\" (line 1, column 30); there is column, pattern.")]
    [InlineData("[]", "The mapping must be an object in braces (line 1, column 1).")]
    [InlineData("", "The mapping is empty. It needs at least \"columns\".")]
    [InlineData("{ \"format\":\n\n oh", "The mapping is no JSON (line 3, column 2), near oh. Look for a comma, a quote or a brace that is missing or too much.")]
    [InlineData("{ \"format\": {\n", "The mapping is no JSON: it ends before it is complete (line 2, column 1). A brace or a quote is not closed.")]
    public void A_mapping_that_cannot_be_read_says_where_and_in_its_own_words(string mapping, string says)
    {
        var problem = Assert.Throws<Problem>(() => Mapping.Parse(mapping));
        Assert.Equal(says, problem.Message);
    }

    [Fact]
    public async Task Every_fault_of_a_mapping_is_told_at_once()
    {
        Assert.Equal(["delimiter", "format.exchangeRate"], Assert.Throws<Problem>(() => Mapping.Parse("""{ "delimiter": ";", "format": { "exchangeRate": true } }""")).Errors!.Keys);

        var id = await Rig.Upload(database, database.Alpha, Rig.Header + "1,2024-01-01 10:00,Z,Cup,1,9.00,a,Peru\n");
        async Task<IEnumerable<string>> Faults(string mapping) =>
            (await Assert.ThrowsAsync<Problem>(() => ImportCommands.Start(database.Db, [new Imports.OrderImporter()], id, Mapping.Parse(mapping), Ct))).Errors!.Keys;
        const string columns = """ "columns": { "orderNumber": "Order", "orderedAt": "Nope", "productId": "Article", "unitPrice": "Price", "colour": "Name" } """;
        // With a file that can be read, its columns too.
        Assert.Equal(["columns.colour", "columns.orderedAt", "columns.quantity", "format.date", "kinds.order", "status"],
            (await Faults($$""" { "format": { "date": "whenever", "currency": "GBP" }, {{columns}}, "kinds": { "order": "(" }, "status": "lost" } """)).Order());
        Assert.Equal(["columns.colour", "columns.quantity", "format.decimal", "format.delimiter", "status"],
            (await Faults($$""" { "format": { "delimiter": ";;", "decimal": "x", "currency": "GBP" }, {{columns}}, "status": "lost" } """)).Order());
    }

    [Theory]
    [InlineData(";", ";")]
    [InlineData("\t", "\\t")]
    [InlineData("|", "|")]
    public async Task A_header_that_was_not_divided_asks_for_the_delimiter_once(string delimiter, string called)
    {
        var id = await Rig.Upload(database, database.Alpha, (Rig.Header + "1,2024-01-01 10:00,Z,Cup,1,9.00,a,Peru\n").Replace(",", delimiter, StringComparison.Ordinal));
        var problem = await Assert.ThrowsAsync<Problem>(() => ImportCommands.Start(database.Db, [new Imports.OrderImporter()], id, Rig.Mapping(), Ct));
        var fault = Assert.Single(problem.Errors!);
        Assert.Equal("format.delimiter", fault.Key);
        Assert.Equal([$"The header is one column: is format.delimiter \"{called}\"?"], fault.Value);
    }

    [Fact]
    public async Task Columns_that_are_missing_are_named_each_and_those_there_are_once()
    {
        var id = await Rig.Upload(database, database.Alpha, "Order,Name\n1,Cup\n");
        var problem = await Assert.ThrowsAsync<Problem>(() => ImportCommands.Start(database.Db, [new Imports.OrderImporter()], id, Rig.Mapping(), Ct));
        Assert.Equal(6, problem.Errors!.Count);
        Assert.Equal("The file has no column \"Date\". Its columns are Order, Name.", problem.Errors["columns.orderedAt"][0]);
        Assert.Equal("The file has no column \"Price\".", problem.Errors["columns.unitPrice"][0]);
    }

    [Fact]
    public async Task A_mapping_of_something_else_lists_the_fields_once()
    {
        var id = await Rig.Upload(database, database.Alpha, Rig.Header + "1,2024-01-01 10:00,Z,Cup,1,9.00,a,Peru\n");
        var mapping = Rig.Mapping();
        mapping = mapping with { Columns = mapping.Columns!.Append(new("email", new("Name"))).Append(new("city", new("Name"))).ToDictionary() };
        var problem = await Assert.ThrowsAsync<Problem>(() => ImportCommands.Start(database.Db, [new Imports.OrderImporter()], id, mapping, Ct));
        Assert.StartsWith("There are no fields \"email\", \"city\". The fields of orders are orderNumber, ", Assert.Single(Assert.Single(problem.Errors!).Value), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_column_that_is_there_twice_is_refused_only_where_the_mapping_names_it()
    {
        const string Header = "Order,Date,Article,Name,Quantity,Price,Customer,Country,";
        var ambiguous = await Rig.Upload(database, database.Alpha, Header + "Price\n1,2024-01-01 10:00,Z,Cup,1,9.00,a,Peru,8.00\n");
        var problem = await Assert.ThrowsAsync<Problem>(() => ImportCommands.Start(database.Db, [new Imports.OrderImporter()], ambiguous, Rig.Mapping(), Ct));
        Assert.Equal("The file has 2 columns \"Price\" (numbers 6, 9), so it is not clear which is meant. Give them different names in the file's header.",
            Assert.Single(Assert.Single(problem.Errors!).Value));

        var clear = await Rig.Upload(database, database.Alpha, Header + "Note,Note\n1,2024-01-01 10:00,Z,Cup,1,9.00,a,Peru,x,y\n");
        await ImportCommands.Start(database.Db, [new Imports.OrderImporter()], clear, Rig.Mapping(), Ct);
        Assert.Equal("queued", (await ImportCommands.Get(database.Db, clear, Ct)).State);
        await ImportCommands.Cancel(database.Db, clear, Ct);
    }

    [Fact]
    public async Task A_file_in_another_encoding_than_stated_is_refused_before_it_starts()
    {
        var id = await Rig.Upload(database, database.Alpha, Encoding.Latin1.GetBytes(Rig.Header + "1,2024-01-01 10:00,Z,Müsli,1,9.00,a,Peru\n"));
        var problem = await Assert.ThrowsAsync<Problem>(() => ImportCommands.Start(database.Db, [new Imports.OrderImporter()], id, Rig.Mapping(), Ct));
        Assert.Contains("line 2", problem.Message, StringComparison.Ordinal);
        Assert.Contains("windows-1252", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_quote_that_never_closes_stops_the_import_and_says_where()
    {
        var lines = string.Concat(Enumerable.Range(2, 90_000).Select(n => $"{n},2024-01-01 10:00,Z,Cup,1,9.00,a,Peru\n"));
        var import = await Rig.Import(database, database.Alpha, Rig.Header + "1,2024-01-01 10:00,Z,\"Cup,1,9.00,a,Peru\n" + lines);
        Assert.Equal("failed", import.State);
        Assert.Contains("line 2", import.Problem!, StringComparison.Ordinal);
        Assert.Equal(0, import.Made("orders"));
    }

    [Fact]
    public async Task Even_a_small_file_is_not_swallowed_by_a_quote_in_a_column_nobody_maps()
    {
        var import = await Rig.Import(database, database.Alpha, Rig.Header.TrimEnd() + ",Notes\n900,2024-01-01 10:00,Z,Cup,1,9.00,a,Peru,\"never closed\n901,2024-01-01 10:00,Z,Cup,1,9.00,a,Peru,\n");
        Assert.Equal("failed", import.State);
        Assert.Contains("line 2", import.Problem!, StringComparison.Ordinal);
        Assert.Equal(0, await database.Db.One<long>($"select count(*) from commerce.customer_orders o where o.order_id in ('900', '901')", Ct));
    }

    [Fact]
    public async Task Characters_cut_by_chunks_are_still_utf8()
    {
        // Three-byte characters, so that whatever size chunks have, some character lies across two.
        var id = await Rig.Upload(database, database.Alpha, Rig.Header + string.Concat(Enumerable.Repeat("1,2024-01-01 10:00,Z,€€€€€€€,1,9.00,a,Peru\n", 30_000)));
        await ImportCommands.Start(database.Db, [new Imports.OrderImporter()], id, Rig.Mapping(), Ct);
        await ImportCommands.Cancel(database.Db, id, Ct);
    }
}

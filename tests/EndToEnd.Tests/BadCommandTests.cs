using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace Clientele.EndToEnd.Tests;

/// <summary>A wrong command ends in one line that says what is wrong, and in exit code 2; nothing is left of it.</summary>
public sealed class BadCommandTests(BadCommandTests.Running running) : IClassFixture<BadCommandTests.Running>
{
    /// <summary>A server, and files good and bad beside it.</summary>
    public sealed class Running : IAsyncLifetime
    {
        internal Installation Installation { get; } = new();

        internal string File(string name) => Path.Combine(Installation.Root, name);

        public async ValueTask InitializeAsync()
        {
            await Installation.StartServer();
            await new GeneratedOrders(50).Write(Installation.Root);
            await Write("empty.csv", []);
            await Write("header.csv", "Order,Date,SKU,Product,Quantity,Price,Customer,Country\n"u8.ToArray());
            await Write("latin1.csv", Encoding.Latin1.GetBytes("Order,Date,SKU,Product,Quantity,Price,Customer,Country\n1,2024-01-01 10:00,A,Müsli,1,2.50,c1,France\n"));
            await Write("utf16.csv", [.. Encoding.Unicode.GetPreamble(), .. Encoding.Unicode.GetBytes("Order,Date\n1,2\n")]);
            await Write("long.csv", Encoding.ASCII.GetBytes("Order,Date,SKU,Product,Quantity,Price,Customer,Country\n" + new string('x', 10_000_000) + "\n"));
            await Write("semicolons.csv", "Order;Date;SKU;Product;Quantity;Price;Customer;Country\n1;2024-01-01 10:00;A;Cup;1;2.50;c1;France\n"u8.ToArray());
            await Write("twice.csv", "Order,Date,SKU,Product,Quantity,Price,Customer,Country,SKU\n1,2024-01-01 10:00,A,Cup,1,2.50,c1,France,B\n"u8.ToArray());
            await Write("columnless.json", """{ "format": { "date": "yyyy-MM-dd HH:mm", "currency": "EUR" } }"""u8.ToArray());
            await Write("stranger.json", Encoding.UTF8.GetBytes(GeneratedOrders.Mapping.Replace("\"SKU\"", "\"Article\"", StringComparison.Ordinal)));
            await Write("misplaced.json", "{ \"format\": {},\n\"delimiter\": \";\" }"u8.ToArray());
            await Write("broken.json", "{ \"format\": \n\n oh"u8.ToArray());
        }

        public ValueTask DisposeAsync() => Installation.DisposeAsync();

        private Task Write(string name, byte[] content) => System.IO.File.WriteAllBytesAsync(File(name), content);
    }

    [Theory]
    [InlineData("import orders {0}/orders.csv --map {0}/mapping.json --frobnicate", "--frobnicate")]
    [InlineData("frobnicate", "frobnicate")]
    [InlineData("import orders {0}/orders.csv", "--map")]
    [InlineData("import people {0}/orders.csv --map {0}/mapping.json", "people")]
    [InlineData("import orders {0}/absent.csv --map {0}/mapping.json", "absent.csv")]
    [InlineData("import orders {0} --map {0}/mapping.json", "{0} is a folder. Name a file in it.")]
    [InlineData("import orders {0}/orders.csv --map {0}", "The mapping {0} is a folder.")]
    [InlineData("import orders {0}/orders.csv --map {0}/mapping.json --rejects {0}", "is a folder. Name a file to write")]
    [InlineData("import orders {0}/orders.csv --map {0}/mapping.json --rejects {0}/absent/rejects.csv", "There is no folder for")]
    [InlineData("import orders {0}/empty.csv --map {0}/mapping.json", "empty")]
    [InlineData("import orders {0}/header.csv --map {0}/mapping.json", "no line below")]
    [InlineData("import orders {0}/latin1.csv --map {0}/mapping.json", "UTF-8")]
    [InlineData("import orders {0}/utf16.csv --map {0}/mapping.json", "UTF-16")]
    [InlineData("import orders {0}/long.csv --map {0}/mapping.json", "longer than 1 MB")]
    [InlineData("import orders {0}/orders.csv --map {0}/absent.json", "absent.json")]
    [InlineData("import orders {0}/orders.csv --map {0}/broken.json", "broken.json: The mapping is no JSON (line 3, column 2), near oh.")]
    [InlineData("import orders {0}/orders.csv --map {0}/misplaced.json", "The mapping has no member \"delimiter\" (line 2, column 1); it belongs in \"format\".")]
    [InlineData("import orders {0}/orders.csv --map {0}/stranger.json", "Article")]
    [InlineData("import orders {0}/semicolons.csv --map {0}/mapping.json", "The header is one column: is format.delimiter \";\"?")]
    [InlineData("import orders {0}/twice.csv --map {0}/mapping.json", "The file has 2 columns \"SKU\" (numbers 3, 9)")]
    [InlineData("import customers {0}/orders.csv --map {0}/mapping.json", "There are no fields \"orderNumber\", \"orderedAt\", \"productId\", \"productName\", \"quantity\", \"unitPrice\". The fields of customers are customerId, ")]
    [InlineData("import orders {0}/orders.csv --map {0}/mapping.json --organization nobody", "nobody")]
    public async Task A_bad_import_is_refused(string command, string names)
    {
        var installation = running.Installation;
        var arguments = string.Format(CultureInfo.InvariantCulture, command, installation.Root).Split(' ');
        if (arguments[0] == "import") arguments = [.. arguments, "--data", installation.Data];
        await Refused(installation, names.Replace("{0}", installation.Root, StringComparison.Ordinal), arguments);
        Assert.Equal(0, await installation.Scalar<long>("select (select count(*) from platform.imports) + (select count(*) from platform.import_pieces) + (select count(*) from commerce.customer_orders)"));
    }

    [Theory]
    [InlineData("orders.csv", "the file to import")]
    [InlineData("mapping.json", "the mapping")]
    public async Task Rejected_lines_do_not_overwrite_what_they_come_from(string name, string called)
    {
        var (installation, csv, file) = (running.Installation, running.File("orders.csv"), running.File(name));
        var before = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        var (soft, hard, folder) = (running.File($"soft-{name}"), running.File($"hard-{name}"), running.File($"folder-{name}"));
        File.CreateSymbolicLink(soft, file);
        Directory.CreateSymbolicLink(folder, installation.Root);
        using (var link = Process.Start("ln", [file, hard])) await link.WaitForExitAsync(TestContext.Current.CancellationToken);
        foreach (var rejects in (string[])[file, Path.Combine(installation.Root, "data", "..", name), soft, hard, Path.Combine(folder, name)])
            await Refused(installation, $"--rejects {rejects} is {called}, which would be overwritten", "import", "orders", csv, "--map", running.File("mapping.json"), "--rejects", rejects, "--data", installation.Data);
        Assert.Equal(before, await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Every_fault_of_a_mapping_has_a_line()
    {
        var command = await running.Installation.Run("import", "orders", running.File("orders.csv"), "--map", running.File("columnless.json"), "--data", running.Installation.Data);
        Assert.Equal(2, command.Process.ExitCode);
        Assert.Equal(["orderNumber", "orderedAt", "productId", "quantity", "unitPrice"],
            Regex.Matches(command.Errors, @"^clientele: Say which column holds .*: columns\.(\w+)\.$", RegexOptions.Multiline).Select(m => m.Groups[1].Value));
        Assert.Equal(5, command.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public async Task A_port_in_use_is_refused_before_anything_is_made()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
        var folder = running.File("untouched");
        await Refused(running.Installation, $"Port {port} is in use", "serve", "--port", port, "--data", folder);
        Assert.False(Directory.Exists(folder));
    }

    [Fact]
    public async Task A_second_server_on_the_same_folder_is_refused_and_the_first_goes_on()
    {
        var installation = running.Installation;
        await Refused(installation, "in use by another Clientele", "serve", "--port", Installation.FreePort().ToString(CultureInfo.InvariantCulture), "--data", installation.Data);
        Assert.Equal(1, await installation.Scalar<int>("select 1"));
    }

    [Fact]
    public Task A_folder_of_somebody_else_is_refused() =>
        Refused(running.Installation, "holds files", "serve", "--port", Installation.FreePort().ToString(CultureInfo.InvariantCulture), "--data", running.Installation.Root);

    [Theory]
    [InlineData("rubbish")]
    [InlineData("postgres://someone:secret@db/clientele")]
    [InlineData("Hots=db;Username=someone;Password=secret")]
    [InlineData("Username=someone;Password=secret")]
    public async Task What_is_no_connection_string_is_refused_and_not_repeated(string connection)
    {
        var command = await running.Installation.Run("serve", "--database", connection);
        Assert.Equal("clientele: --database is no connection string. Write \"Host=…;Username=…;Password=…;Database=…\". Try: clientele serve --help", command.Errors.Trim());
        Assert.Equal(2, command.Process.ExitCode);
    }

    [Fact]
    public async Task A_wrong_option_of_the_server_is_refused()
    {
        await Refused(running.Installation, "between 1 and 65535", "serve", "--port", "70000");
        await Refused(running.Installation, "--port wants a whole number, not \"eighty\"", "serve", "--port", "eighty");
        await Refused(running.Installation, "--demo-size wants a whole number, not \"many\"", "serve", "--demo-size", "many");
        await Refused(running.Installation, "--data names no folder", "serve", "--data", "");
        await Refused(running.Installation, "is no address", "serve", "--listen", "nowhere");
    }

    private static async Task Refused(Installation installation, string names, params string[] arguments)
    {
        var command = await installation.Run(arguments);
        Assert.Contains(names, command.Errors, StringComparison.OrdinalIgnoreCase);
        var line = Assert.Single(command.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("clientele: ", line, StringComparison.Ordinal);
        Assert.Equal(2, command.Process.ExitCode);
    }
}

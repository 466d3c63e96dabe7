using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Clientele.Platform.Data;
using Clientele.Platform.Imports;
using Clientele.Platform.Problems;

namespace Clientele.Commerce.Imports;

/// <summary>
/// Orders from a file with one line per item, as shops export them. Lines with the same order number are one order,
/// wherever they stand in the file.
/// </summary>
/// <param name="ordersPerGroup">How many orders are written in a transaction: as many as take well under a second.</param>
internal sealed class OrderImporter(int ordersPerGroup = 400) : IImporter
{
    private const decimal LargestLine = 10_000_000_000m;

    private static readonly string[] kindOrder = ["order", "refund", "adjustment"];
    private static readonly HashSet<string> statuses = ["pending", "confirmed", "shipped", "delivered", "cancelled", "refunded"];

    // A mapping's expressions are compiled once; the same mapping object is used for a whole file.
    private readonly System.Runtime.CompilerServices.ConditionalWeakTable<BoundMapping, List<(string Kind, Regex Pattern)>> kinds = [];

    public string Kind => "orders";

    public IReadOnlyList<string> Tables { get; } =
        ["commerce.customer_orders", "commerce.customer_order_items", "commerce.product_months", "commerce.staged_order_lines", "customers.customers", "log.events_history"];

    public IReadOnlyList<ImportField> Fields { get; } =
    [
        new("orderNumber", "Order number", "What the shop calls the order. Lines with the same number are one order.", true, FieldKind.Text, 100) { Words = ["ordernumber", "orderno", "orderid", "order", "invoiceno", "invoice", "invoicenumber", "name", "numerodecommande", "numerocommande", "ncommande", "ndecommande", "commande", "numerodefacture", "facture"] },
        new("orderedAt", "Time of order", "When it was placed; of several times in one order the earliest counts.", true, FieldKind.Time) { Words = ["orderedat", "orderdate", "invoicedate", "createdat", "date", "processedat", "datedecommande", "datecommande", "datedefacture"] },
        new("productId", "Product", "Article number or SKU.", true, FieldKind.Text, 100) { Words = ["productid", "stockcode", "sku", "lineitemsku", "itemid", "article", "articlenumber", "codearticle", "codeproduit", "referenceproduit", "idproduit", "reference"] },
        new("productName", "Product name", "How people know it; the article number where it is empty.", false, FieldKind.Text) { Words = ["productname", "description", "lineitemname", "product", "title", "itemname", "nomduproduit", "nomproduit", "produit", "designation", "libelle"] },
        new("quantity", "Quantity", "Whole pieces; negative for goods that come back.", true, FieldKind.Number) { Words = ["quantity", "qty", "lineitemquantity", "amount", "units", "quantite", "qte"] },
        new("unitPrice", "Unit price", "Of one piece, up to six decimals.", true, FieldKind.Money) { Words = ["unitprice", "price", "lineitemprice", "itemprice", "prixunitaire", "prix"] },
        new("customerId", "Customer", "The customer's id in the shop. Empty: an anonymous order.", false, FieldKind.Text, 100) { Words = ["customerid", "customerno", "clientid", "userid", "idclient", "numeroclient", "nclient", "codeclient"] },
        new("customerEmail", "Customer e-mail", "Used as the id where there is none.", false, FieldKind.Text, 100) { Words = ["customeremail", "email", "emailaddress", "mail", "courriel", "emailclient", "courrielclient"] },
        new("customerName", "Customer name", "Used when the customer is new.", false, FieldKind.Text, 255) { Words = ["customername", "billingname", "fullname", "customer", "nomclient", "nomduclient", "client"] },
        new("country", "Country", "Where it is sent to.", false, FieldKind.Text, 50) { Words = ["country", "shippingcountry", "billingcountry", "pays", "paysdelivraison"] },
        new("status", "Status", "pending, confirmed, shipped, delivered, cancelled or refunded.", false, FieldKind.Text, 20) { Words = ["status", "orderstatus", "financialstatus", "statut"] },
        new("currency", "Currency", "ISO 4217; all lines must have the mapping's currency.", false, FieldKind.Text, 3) { Words = ["currency", "currencycode", "devise"] },
    ];

    private sealed record Line(
        long Number, string OrderNumber, string Kind, DateTimeOffset OrderedAt, string ProductId, string? ProductName, int Quantity, decimal UnitPrice,
        string? CustomerId, string? CustomerName, string? CustomerEmail, string? Country, string Status);

    private sealed record Organization(string Currency, bool HasOrders);

    private sealed record Written(string? Last, long Lines, long Duplicates, JsonElement Rejects, long Orders, long Refunds, long Adjustments, long CustomersCreated);

    private sealed record Refused(long Line, string Number, string? Kind, decimal? Total);

    public IEnumerable<(string Path, string Message)> Faults(Mapping mapping)
    {
        foreach (var (kind, pattern) in mapping.Kinds ?? new Dictionary<string, string>())
        {
            if (!kindOrder.Contains(kind)) yield return ($"kinds.{kind}", "The kinds are order, refund and adjustment.");
            else if (string.IsNullOrEmpty(pattern)) yield return ($"kinds.{kind}", "Give a regular expression over the order number.");
            else if (ImportPattern.Compile(pattern).Problem is { } problem) yield return ($"kinds.{kind}", problem);
        }
        if (mapping.Status is { } status && !statuses.Contains(status)) yield return ("status", $"The status is one of {string.Join(", ", statuses)}.");
    }

    public Mapping Suggest(Mapping guessed, IReadOnlyList<string> columns) => guessed with { Status = "delivered" };

    public (object? Line, string? Problem) Parse(BoundMapping mapping, long number, IReadOnlyDictionary<string, object?> values)
    {
        string? Text(string field) => (string?)values.GetValueOrDefault(field);
        var orderNumber = Text("orderNumber")!;
        var kind = KindOf(mapping, orderNumber);
        if (kind is null) return (null, $"The order number \"{orderNumber}\" is none of the mapping's kinds ({string.Join(", ", mapping.Mapping.Kinds!.Keys)}).");
        var quantity = (decimal)values["quantity"]!;
        if (quantity != decimal.Truncate(quantity) || Math.Abs(quantity) > int.MaxValue) return (null, $"quantity {quantity.ToString(CultureInfo.InvariantCulture)} is not a whole number of pieces.");
        if (quantity == 0) return (null, "quantity is 0.");
        var price = (decimal)values["unitPrice"]!;
        if (price != decimal.Round(price, 6)) return (null, $"unitPrice {price.ToString(CultureInfo.InvariantCulture)} has more than six decimals.");
        if (Math.Abs(price) >= LargestLine || Math.Abs(price * quantity) * Math.Max(1, mapping.Format.ExchangeRate) >= LargestLine) return (null, "The line is worth more than ten billion.");
        var status = Text("status")?.ToLowerInvariant() ?? mapping.Mapping.Status ?? "delivered";
        if (!statuses.Contains(status)) return (null, $"status \"{status}\" is not one of {string.Join(", ", statuses)}.");
        if (Text("currency") is { } currency && currency != mapping.Format.Currency) return (null, $"currency {currency} is not the mapping's {mapping.Format.Currency}.");
        return (new Line(number, orderNumber, kind, (DateTimeOffset)values["orderedAt"]!, Text("productId")!, Text("productName"), (int)quantity, price,
            Text("customerId"), Text("customerName"), Text("customerEmail"), Text("country"), status), null);
    }

    public IReadOnlyDictionary<string, string?> Describe(object line)
    {
        var l = (Line)line;
        return new Dictionary<string, string?>
        {
            ["orderNumber"] = l.OrderNumber,
            ["kind"] = l.Kind,
            ["orderedAt"] = l.OrderedAt.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
            ["productId"] = l.ProductId,
            ["productName"] = l.ProductName,
            ["quantity"] = l.Quantity.ToString(CultureInfo.InvariantCulture),
            ["unitPrice"] = l.UnitPrice.ToString(CultureInfo.InvariantCulture),
            ["customerId"] = l.CustomerId,
            ["customerEmail"] = l.CustomerEmail,
            ["customerName"] = l.CustomerName,
            ["country"] = l.Country,
            ["status"] = l.Status,
        };
    }

    public async Task Check(Db db, BoundMapping mapping, CancellationToken ct)
    {
        var organization = await Find(db, ct);
        var same = mapping.Format.Currency == organization.Currency;
        if (same && mapping.Format.ExchangeRate != 1)
            throw Problem.Invalid("format.exchangeRate", $"The file is in the organization's own currency, {organization.Currency}: the exchange rate is 1.");
        if (!same && mapping.Format.ExchangeRate == 1 && organization.HasOrders)
            throw Problem.Invalid("format.exchangeRate", $"The organization reports in {organization.Currency}, the file is in {mapping.Format.Currency}. Say what one {mapping.Format.Currency} is worth in {organization.Currency}: format.exchangeRate.");
    }

    /// <summary>A young organization takes over the currency of its first orders; afterwards other currencies need their rate.</summary>
    public async Task Begin(Transaction t, BoundMapping mapping, CancellationToken ct)
    {
        if (mapping.Format.ExchangeRate != 1) return;
        var currency = mapping.Format.Currency!;
        // The same lock as a change in the settings takes: the currency and its first amounts come one after the other.
        await t.Run($"select pg_advisory_xact_lock(hashtext('organization currency'), hashtext(platform.organization()::text))", ct);
        if (!await CommerceModule.AmountsExist(t, ct))
            await t.Run($"update platform.organizations o set currency = {currency} where o.id = platform.organization() and o.currency <> {currency}", ct);
        if (await t.One<string>($"select o.currency from platform.organizations o where o.id = platform.organization()", ct) != currency)
            throw Problem.Invalid("format.currency", $"The organization does not report in {currency}. An administrator can change that in its settings, or give the exchange rate: format.exchangeRate.");
    }

    public async Task Stage(Transaction t, ImportJob job, IReadOnlyList<object> lines, CancellationToken ct)
    {
        var rows = lines.Cast<Line>().ToList();
        T[] Column<T>(Func<Line, T> of) => [.. rows.Select(of)];
        var format = job.Mapping.Format!;
        await t.Run($"""
            insert into commerce.staged_order_lines (
                organization_id, import_id, order_number, line, kind, ordered_at, product_id, product_name, quantity, unit_price,
                customer_id, customer_name, customer_email, country, order_status, currency, exchange_rate)
            select {job.OrganizationId}, {job.Id}, n.*, {format.Currency}, {format.ExchangeRate}
            from unnest(
                {Column(l => l.OrderNumber)}, {Column(l => l.Number)}, {Column(l => l.Kind)}, {Column(l => l.OrderedAt)}, {Column(l => l.ProductId)},
                {Column(l => l.ProductName)}, {Column(l => l.Quantity)}, {Column(l => l.UnitPrice)}, {Column(l => l.CustomerId)},
                {Column(l => l.CustomerName)}, {Column(l => l.CustomerEmail)}, {Column(l => l.Country)}, {Column(l => l.Status)}) as n
            """, ct);
    }

    public async Task<WrittenGroup> WriteNext(Transaction t, ImportJob job, CancellationToken ct)
    {
        var written = await t.One<Written>($"""
            select w.last, w.lines, w.duplicates, w.rejects, w.orders, w.refunds, w.adjustments, w.customers_created
            from commerce.write_staged_orders({job.Id}, {job.WorkspaceId}, {FileId(job.Sha256)}, {job.Cursor}, {ordersPerGroup}) w
            """, ct);
        var rejected = written.Rejects.Deserialize<List<Refused>>(ApiJson.Options)!.ConvertAll(Reject);
        return new WrittenGroup(written.Lines, written.Duplicates, rejected, new Dictionary<string, long>
        {
            ["orders"] = written.Orders,
            ["refunds"] = written.Refunds,
            ["adjustments"] = written.Adjustments,
            ["customersCreated"] = written.CustomersCreated,
        }, written.Last ?? job.Cursor);
    }

    public async Task<long> UndoNext(Transaction t, ImportJob job, CancellationToken ct) =>
        await t.One<long>($"select commerce.undo_imported_orders({job.Id}, {2 * ordersPerGroup})", ct);

    public async Task DropStaged(Transaction t, ImportJob job, CancellationToken ct) => await t.Run($"""
        delete from commerce.staged_order_lines s where s.organization_id = {job.OrganizationId} and s.import_id = {job.Id}
        """, ct);

    // Half of a SHA-256 identifies a file as surely as a random uuid would.
    private static Guid FileId(byte[] sha256) => new(sha256.AsSpan(0, 16), bigEndian: true);

    private static RejectedLine Reject(Refused line) => new(line.Line, line.Kind is null
        ? $"The order {line.Number} exists already and was not brought by this line. To replace it, undo the import that brought it and import again."
        : $"The lines of {line.Kind} {line.Number} add up to {line.Total!.Value.ToString(CultureInfo.InvariantCulture)}, which {(line.Kind == "refund" ? "a refund" : "an " + line.Kind)} cannot be. Check the signs, and \"kinds\" in the mapping.", []);

    private string? KindOf(BoundMapping mapping, string orderNumber)
    {
        var patterns = kinds.GetValue(mapping, m => [.. kindOrder
            .Where(k => m.Mapping.Kinds?.ContainsKey(k) == true)
            .Select(k => (k, ImportPattern.Compile(m.Mapping.Kinds![k]).Pattern!))]);
        if (patterns.Count == 0) return "order";
        foreach (var (kind, pattern) in patterns)
            if (pattern.IsMatch(orderNumber)) return kind;
        return null;
    }

    private static Task<Organization> Find(Db db, CancellationToken ct) => db.One<Organization>($"""
        select o.currency, exists (select from commerce.customer_orders c where c.organization_id = o.id) as has_orders
        from platform.organizations o where o.id = platform.organization()
        """, ct);
}

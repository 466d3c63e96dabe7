namespace Clientele.Commerce.Overview;

/// <summary>The sales overview of one range of days, in the organization's zone and currency.</summary>
public sealed record OverviewView(
    RangeView Range, RangeView PreviousRange, string Interval, string TimeZone, string Currency, DataRangeView? DataRange,
    Figures Current, Figures Previous, IReadOnlyList<Point> Series, IReadOnlyList<Point> PreviousSeries,
    IReadOnlyList<CountryShare> Countries, IReadOnlyList<TopProduct> Products);

/// <summary>Days, both included.</summary>
public sealed record RangeView(DateOnly From, DateOnly To, int Days);

/// <summary>First and last day with an order.</summary>
public sealed record DataRangeView(DateOnly From, DateOnly To);

/// <param name="Revenue">Sum of the orders that count as sales, before refunds and adjustments.</param>
/// <param name="Customers">Distinct customers with at least one order; anonymous orders have none.</param>
/// <param name="AverageOrderValue">Revenue of orders / orders; null without orders.</param>
/// <param name="RepeatRate">Customers with two orders or more / customers with one or more, in the range: 0 to 1; null without customers.</param>
public sealed record Figures(
    decimal Revenue, long Orders, long Customers, decimal? AverageOrderValue, decimal? RepeatRate,
    decimal Refunds, long RefundCount, decimal Adjustments, long AdjustmentCount);

/// <param name="Date">First day of the bucket.</param>
/// <param name="Partial">The bucket is cut by the range, or today lies in it.</param>
public sealed record Point(DateOnly Date, bool Partial, decimal Revenue, long Orders, long Customers, decimal? AverageOrderValue, decimal? RepeatRate);

/// <param name="Country">Null: the rest.</param>
/// <param name="Share">Of the range's revenue, 0 to 1.</param>
public sealed record CountryShare(string? Country, decimal Revenue, long Orders, long Customers, decimal Share);

public sealed record TopProduct(string ProductId, string Name, long Quantity, decimal Revenue, long Orders);

using System.Globalization;
using Clientele.Testing;
using FsCheck;
using FsCheck.Fluent;

namespace Clientele.Commerce.Tests;

/// <summary>Whatever the promotion and the order: what commerce.discount_of gives is what a plain count gives, and never more than there is.</summary>
public sealed class DiscountProperties(DiscountProperties.Database database) : IClassFixture<DiscountProperties.Database>
{
    public sealed class Database : TestDatabase;

    public sealed record Line(int Price, int Quantity);

    public sealed record Case(string Type, int Rate, int Amount, int? Cap, int Buy, int Get, int[] Tiers, Line[] Lines, bool NamesLines, int Shipping, int Decimals);

    private static readonly Config config = Config.QuickThrowOnFailure.WithMaxTest(400);

    private static Arbitrary<Case> Cases(params string[] types) => (
        from type in Gen.Elements(types)
        from rate in Gen.Choose(1, 1000)
        from amount in Gen.Choose(1, 20_000)
        from cap in Gen.OneOf(Gen.Constant((int?)null), Gen.Choose(1, 5_000).Select(c => (int?)c))
        from buy in Gen.Choose(1, 4)
        from get in Gen.Choose(1, 3)
        from tiers in Gen.Choose(1, 4)
        from lines in Gen.ArrayOf(from price in Gen.Choose(0, 9_999) from quantity in Gen.Choose(1, 7) select new Line(price, quantity))
        from named in Gen.Elements(true, false)
        from shipping in Gen.Choose(0, 1_500)
        from decimals in Gen.Elements(0, 2)
        select new Case(type, rate, amount, cap, buy, get, [.. Enumerable.Range(1, tiers)], lines, (named || type == "buy_x_get_y") && lines.Length > 0, shipping, decimals)).ToArbitrary();

    // Prices are whole where the currency has no minor part.
    private static decimal Money(int hundredths, int decimals) => decimals == 0 ? hundredths : hundredths / 100m;

    private static decimal Goods(Case c) => c.Lines.Sum(l => Money(l.Price, c.Decimals) * l.Quantity);

    private static decimal Round(decimal value, int decimals) => Math.Round(value, decimals, MidpointRounding.AwayFromZero);

    private static decimal? Cap(Case c) => c.Cap is { } cap ? Money(cap, c.Decimals) : null;

    private static string Number(decimal value) => value.ToString(CultureInfo.InvariantCulture);

    private decimal Discount(Case c, decimal? goods = null)
    {
        var promotion = $$"""
            {"discount_type": "{{c.Type}}", "discount_rate": {{Number(c.Rate / 1000m)}}, "discount_amount": {{Number(Money(c.Amount, c.Decimals))}}, "max_discount_amount": {{(Cap(c) is { } cap ? Number(cap) : "null")}},
             "buy_quantity": {{c.Buy}}, "get_quantity": {{c.Get}}, "get_discount_rate": {{Number(c.Rate / 1000m)}},
             "tier_config": {"tiers": [{{string.Join(", ", c.Tiers.Select(t => $$"""{"min_amount": {{t * 50}}, "discount": {{Number(t * 0.05m)}}}"""))}}]},
             "applicable_products": [], "applicable_categories": [], "excluded_products": [], "excluded_categories": []}
            """;
        var lines = c.NamesLines ? "[" + string.Join(", ", c.Lines.Select((l, n) => $$"""{"product_id": "P{{n}}", "unit_price": {{Number(Money(l.Price, c.Decimals))}}, "quantity": {{l.Quantity}}}""")) + "]" : null;
        var shipping = Money(c.Shipping, c.Decimals);
        return database.Db.One<decimal>($"""
            select commerce.discount_of(jsonb_populate_record(null::commerce.promotions, {promotion}::jsonb), {(goods ?? Goods(c)) + shipping}, {shipping}, {lines}::jsonb, {c.Decimals})
            """, CancellationToken.None).GetAwaiter().GetResult();
    }

    [Fact]
    public void A_discount_is_never_negative_never_above_the_value_nor_the_cap_and_is_money()
    {
        Check.One(config, Prop.ForAll(Cases("percentage", "fixed_amount", "free_shipping", "buy_x_get_y", "tiered"), c =>
        {
            if (c.Type == "buy_x_get_y" && !c.NamesLines) return true;
            var discount = Discount(c);
            return discount >= 0 && discount <= Goods(c) + Money(c.Shipping, c.Decimals) && !(discount > Cap(c)) && discount == Round(discount, c.Decimals);
        }));
    }

    [Fact]
    public void A_percentage_an_amount_and_free_shipping_are_what_a_plain_count_says()
    {
        Check.One(config, Prop.ForAll(Cases("percentage", "fixed_amount", "free_shipping"), c =>
        {
            var plain = c.Type switch
            {
                "percentage" => Round(Goods(c) * c.Rate / 1000m, c.Decimals),
                "fixed_amount" => Math.Min(Money(c.Amount, c.Decimals), Goods(c)),
                _ => Money(c.Shipping, c.Decimals),
            };
            return Discount(c) == Math.Min(plain, Cap(c) ?? plain);
        }));
    }

    [Fact]
    public void Of_every_group_of_pieces_the_cheapest_are_lowered()
    {
        Check.One(config, Prop.ForAll(Cases("buy_x_get_y"), c =>
        {
            if (!c.NamesLines) return true;
            // One by one, as at a till.
            var pieces = c.Lines.SelectMany((l, place) => Enumerable.Repeat((Price: Money(l.Price, c.Decimals), Place: place), l.Quantity))
                .OrderByDescending(p => p.Price).ThenBy(p => p.Place).Select((p, n) => (p.Price, p.Place, Lowered: n % (c.Buy + c.Get) >= c.Buy));
            var plain = pieces.Where(p => p.Lowered).GroupBy(p => p.Place).Sum(g => Round(g.First().Price * c.Rate / 1000m * g.Count(), c.Decimals));
            return Discount(c) == Math.Min(plain, Cap(c) ?? plain);
        }));
    }

    [Fact]
    public void Tiers_never_give_less_for_more()
    {
        Check.One(config, Prop.ForAll(Cases("tiered"), Gen.Choose(0, 50_000).ToArbitrary(), Gen.Choose(0, 50_000).ToArbitrary(), (c, a, b) =>
        {
            var plain = c with { NamesLines = false };
            var (less, more) = (Math.Min(a, b) / 100m, Math.Max(a, b) / 100m);
            var reached = c.Tiers.Where(t => t * 50 <= more).DefaultIfEmpty(0).Max();
            var expected = Round(more * reached * 0.05m, c.Decimals);
            return Discount(plain, less) <= Discount(plain, more) && Discount(plain, more) == Math.Min(Math.Min(expected, Cap(c) ?? expected), more);
        }));
    }
}

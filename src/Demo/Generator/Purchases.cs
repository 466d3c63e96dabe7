using System.Globalization;
using Clientele.Commerce;

namespace Clientele.Demo.Generator;

/// <summary>One customer's orders, and what came back of them.</summary>
internal sealed class Purchases(Calendar calendar, Person person, Ids ids, Dice dice, ShopSlice slice)
{
    /// <summary>Orders so far.</summary>
    public int Count { get; private set; }

    /// <summary>The time of the first.</summary>
    public DateTimeOffset? First { get; private set; }

    /// <summary>False when it was called off at once.</summary>
    public bool Buy(List<(Product Product, int Quantity)> basket, DateTimeOffset time, int day, Guid? customer, string session)
    {
        var (code, rate) = calendar.IsBlackFridayWeek(day) ? ("BLACK20", 0.20m) : Count == 0 && dice.Chance(0.2) ? ("WELCOME10", 0.10m) : (null, 0m);
        var lines = basket.ConvertAll(b => new NewOrderLine(b.Product.Id, b.Product.Name, b.Product.Category, b.Product.Price, b.Quantity, decimal.Round(b.Product.Price * b.Quantity * rate, 2)));
        var fate = dice.Share();
        var back = time.AddDays(3 + dice.Wait(7));
        var refunded = fate is >= 0.025 and < 0.065 && back <= calendar.End;
        var whole = refunded && (lines.Count == 1 || fate < 0.04);
        var order = Deliver(new NewOrder(Number(), time, lines)
        {
            Id = ids.Next(), EventId = ids.Next(), CustomerId = customer, SessionId = session, Country = person.Place.Country, City = person.City, Source = "demo",
            AcquisitionChannel = person.Channel.Name, PromotionCode = code, PaymentMethod = dice.Pick(person.Place.Payments), PaymentStatus = "paid",
        }, time);
        if (fate < 0.025) order = order with { Status = "cancelled", ShippedAt = null, DeliveredAt = null, CancelledAt = Earlier(time.AddHours(1 + dice.Wait(6))), PaymentStatus = "voided" };
        if (whole) order = order with { Status = "refunded", PaymentStatus = "refunded" };
        slice.Orders.Add(order);
        if (refunded) slice.Orders.Add(Refund(order, whole ? lines : [lines[0]], back));
        Count++;
        if (order.Status != "cancelled") First ??= time;
        return order.Status != "cancelled";
    }

    // On its way for some days, then with the customer.
    private NewOrder Deliver(NewOrder order, DateTimeOffset time)
    {
        var shipped = time.AddHours(6 + dice.Wait(20));
        var delivered = shipped.AddHours(24 + dice.Wait(30));
        return delivered <= calendar.End ? order with { Status = "delivered", ShippedAt = shipped, DeliveredAt = delivered }
            : shipped <= calendar.End ? order with { Status = "shipped", ShippedAt = shipped }
            : order;
    }

    private NewOrder Refund(NewOrder order, List<NewOrderLine> lines, DateTimeOffset time) => new("R" + order.Number, time,
        lines.ConvertAll(l => l with { UnitPrice = decimal.Round(l.Total / l.Quantity, 6), Quantity = -l.Quantity, Discount = 0 }))
    {
        Id = ids.Next(), EventId = ids.Next(), Kind = "refund", Status = "refunded", RefundsOrder = order.Id, CustomerId = order.CustomerId,
        Country = order.Country, City = order.City, PaymentMethod = order.PaymentMethod, PaymentStatus = "refunded", Source = "demo",
    };

    private DateTimeOffset Earlier(DateTimeOffset time) => time < calendar.End ? time : calendar.End;

    // The customer's number and the how-manieth of their orders: unique without a counter that all slices would share.
    private string Number() => string.Create(CultureInfo.InvariantCulture, $"{person.CustomerId}-{Count + 1}");
}

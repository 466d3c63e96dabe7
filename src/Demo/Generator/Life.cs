using System.Net;
using Clientele.Customers;
using Clientele.Platform.Data;
using Clientele.Platform.Log;

namespace Clientele.Demo.Generator;

/// <summary>
/// Tells one visitor's year as rows. Who signs up, to order or for the newsletter, is a customer, and what they did before
/// is theirs too; everybody else stays an anonymous visitor.
/// </summary>
internal sealed class Life(Calendar calendar, Person person, Ids ids, Dice dice, ShopSlice slice)
{
    private static readonly Json nothing = new("{}");

    private readonly Purchases purchases = new(calendar, person, ids, dice, slice);
    private NewEvent visit = null!;
    private DateTimeOffset time;
    private Guid? customer;
    private bool signedUp;

    public void Tell(IReadOnlyList<Visit> visits)
    {
        if (visits.Any(v => v.Outcome is Outcome.Join or Outcome.Checkout or Outcome.Buy)) customer = ids.Next();
        foreach (var planned in visits) Tell(planned, planned == visits[0]);
        if (customer is { } id) slice.Customers.Add(Profile(id, visits));
    }

    private void Tell(Visit planned, bool isFirst)
    {
        var channel = isFirst ? person.Channel : Channel.Again(dice, person.Channel, signedUp && person.ReadsMail);
        // An address reserved for documentation.
        var address = new IPAddress((ReadOnlySpan<byte>)[203, 0, 113, (byte)(1 + person.Number % 254)]);
        time = planned.Start;
        visit = new NewEvent("session_started", time)
        {
            Id = ids.Next(), Name = "Session started", Category = "behaviour", Properties = nothing, CustomerId = customer, SessionId = ids.Next().ToString("N")[..20],
            DeviceType = person.Device.Type, Browser = person.Device.Browser, Os = person.Device.Os, Country = person.Place.Country, City = person.City, DataSource = "demo",
            UtmSource = channel.Medium is "organic" ? null : channel.Source, UtmMedium = channel.Medium is "organic" ? null : channel.Medium,
            UtmCampaign = channel.Campaign(calendar.Month(planned.Day), calendar.IsBlackFridayWeek(planned.Day)),
            ReferrerUrl = channel.Referrer, UserAgent = person.Device.UserAgent, IpAddress = address,
        };
        slice.Events.Add(visit);
        visit = visit with { UserAgent = null, IpAddress = null, ReferrerUrl = null };
        Look(dice.Chance(0.4) ? Pages.Front : dice.Pick(Pages.Categories));
        Browse(planned);
        if (planned.Outcome == Outcome.Join) SignUp("newsletter");
        if (planned.Outcome >= Outcome.Cart) Shop(planned);
    }

    private void Browse(Visit planned)
    {
        while (dice.Chance(0.72))
        {
            var roll = dice.Share();
            if (roll < 0.1)
            {
                var (page, about) = dice.Pick(Pages.Searches);
                Say("products_searched", "Products searched", about);
                Look(page);
            }
            else if (roll < 0.40) Look(dice.Pick(Pages.Categories));
            else if (roll < 0.46) Look(dice.Pick(Pages.Reading));
            else if (roll < 0.49 && signedUp) Look(Pages.Account);
            else View(dice.Pick(Product.ByMonth[calendar.Month(planned.Day) - 1]));
        }
    }

    private void Shop(Visit planned)
    {
        var basket = new List<(Product Product, int Quantity)>();
        var wanted = 1 + (int)Math.Min(6, dice.Wait(1.1));
        while (basket.Count < wanted)
        {
            var product = dice.Pick(Product.ByMonth[calendar.Month(planned.Day) - 1]);
            if (basket.Exists(line => line.Product == product)) continue;
            var quantity = dice.Share() switch { < 0.72 => 1, < 0.9 => 2, < 0.95 => 3, _ => 4 + dice.Below(3) };
            View(product);
            Say("product_added", "Product added", product.About(quantity));
            basket.Add((product, quantity));
        }
        Look(Pages.Cart);
        if (basket.Count > 1 && dice.Chance(0.15))
        {
            Say("product_removed", "Product removed", basket[^1].Product.About(basket[^1].Quantity));
            basket.RemoveAt(basket.Count - 1);
        }
        if (planned.Outcome < Outcome.Checkout) return;
        Look(Pages.Checkout);
        Say("checkout_started", "Checkout started", nothing);
        SignUp("checkout");
        if (planned.Outcome == Outcome.Buy && Pass(90) && purchases.Buy(basket, time, planned.Day, customer, visit.SessionId!)) Look(Pages.Thanks);
    }

    private void SignUp(string with)
    {
        if (signedUp) return;
        signedUp = true;
        Say("signed_up", "Signed up", new Json($$"""{"method":"{{with}}"}"""));
        if (with == "newsletter" || person.ReadsMail) Say("newsletter_subscribed", "Newsletter subscribed", nothing);
    }

    private void Look(Page page) => Add("page_view", "Page viewed", page.About, page);

    private void View(Product product)
    {
        var page = Pages.Of(product);
        Look(page);
        Add("product_viewed", "Product viewed", product.About(0), page, seconds: 1);
    }

    private void Say(string type, string name, Json about) => Add(type, name, about, null);

    private void Add(string type, string name, Json about, Page? page, double seconds = 25)
    {
        if (!Pass(seconds)) return;
        visit = visit with { Id = ids.Next(), Type = type, Name = name, Properties = about, OccurredAt = time, PageUrl = page?.Url ?? visit.PageUrl, PageTitle = page?.Title ?? visit.PageTitle };
        slice.Events.Add(visit);
    }

    // False: the year is over before it happens.
    private bool Pass(double seconds)
    {
        time = time.AddMilliseconds(400 + Math.Floor(dice.Wait(seconds * 1000)));
        return time <= calendar.End;
    }

    private NewCustomer Profile(Guid id, IReadOnlyList<Visit> visits)
    {
        var quiet = (calendar.End - visits[^1].Start).TotalDays;
        var age = (calendar.End - visits[0].Start).TotalDays;
        return new NewCustomer(person.CustomerId, visits[0].Start)
        {
            Id = id, Name = person.Name, Email = person.Email, Country = person.Place.Country, City = person.City, DataSource = "demo",
            Type = purchases.Count >= 6 ? "premium" : "regular",
            Status = quiet > 180 ? "churned" : quiet > 90 ? "inactive" : "active",
            Stage = quiet > 180 ? "churned" : quiet > 90 ? "at_risk" : purchases.Count > 1 ? "engaged" : purchases.Count == 1 ? "activated" : age < 30 ? "new" : "at_risk",
            ActivatedAt = purchases.First, ChurnedAt = quiet > 180 ? visits[^1].Start.AddDays(180) : null,
            AcquisitionChannel = person.Channel.Name, AcquisitionSource = person.Channel.Source, ReferrerUrl = person.Channel.Referrer,
            AcquisitionCampaign = person.Channel.Campaign(calendar.Month(visits[0].Day), calendar.IsBlackFridayWeek(visits[0].Day)),
        };
    }
}

namespace Clientele.Demo.Generator;

/// <summary>How far towards an order a visit gets.</summary>
internal enum Outcome { Look, Join, Cart, Checkout, Buy }

/// <param name="Day">Of the calendar.</param>
internal sealed record Visit(int Day, DateTimeOffset Start, Outcome Outcome);

/// <summary>Decides when somebody visits, and what comes of it; how the visits go in detail is <see cref="Life"/>'s.</summary>
internal static class Plan
{
    public static List<Visit> Year(Calendar calendar, Person person, Dice dice)
    {
        var visits = new List<Visit>();
        for (var day = calendar.FirstDay(dice); day < Calendar.Days; day = calendar.NextDay(dice, day, person.Gap))
        {
            var bought = visits.Exists(v => v.Outcome == Outcome.Buy);
            visits.Add(new Visit(day, calendar.Moment(dice, day), Decide(calendar, person, dice, day, visits.Count == 0, bought)));
            // Those who only pass by come once or twice; the others stay until they lose interest.
            if (dice.Chance(person.Returns ? person.Leaves : 0.75)) break;
        }
        return visits;
    }

    private static Outcome Decide(Calendar calendar, Person person, Dice dice, int day, bool isFirst, bool hasBought)
    {
        if (!person.Returns) return dice.Chance(0.12) ? Outcome.Cart : Outcome.Look;
        var mood = (calendar.IsBlackFridayWeek(day) ? 1.5 : calendar.Month(day) == 12 ? 1.25 : 1) * (hasBought ? 1.15 : 1);
        var roll = dice.Share();
        if (roll < person.Buys * mood) return Outcome.Buy;
        roll = dice.Share();
        return roll < 0.08 ? Outcome.Checkout : roll < 0.22 ? Outcome.Cart : isFirst && person.ReadsMail && roll < 0.5 ? Outcome.Join : Outcome.Look;
    }
}

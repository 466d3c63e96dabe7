namespace Clientele.Demo.Generator;

/// <summary>A country with the names and cities of its people and how they like to pay.</summary>
internal sealed record Place(string Country, double Weight, string[] Payments, string[] Cities, string[] FirstNames, string[] LastNames)
{
    /// <summary>Where the shop's visitors live.</summary>
    public static Weighted<Place> All { get; } = new(Parse(), p => p.Weight);

    // country | weight | payment methods | cities | first names | surnames
    private const string Text = """
        France|34|card,card,card,paypal|Paris,Lyon,Marseille,Toulouse,Nantes,Bordeaux,Lille,Rennes,Strasbourg,Montpellier|Camille,Léa,Manon,Chloé,Inès,Jade,Zoé,Margaux,Lucas,Hugo,Jules,Louis,Théo,Gabriel,Antoine,Mathilde|Martin,Bernard,Dubois,Moreau,Laurent,Lefèvre,Roux,Fournier,Girard,Mercier,Faure,Chevalier,François,Garnier,Benoît,Perrin
        Germany|17|paypal,invoice,klarna,card|Berlin,Hamburg,München,Köln,Frankfurt,Stuttgart,Leipzig,Bremen,Dresden|Anna,Lena,Marie,Sophie,Jana,Katharina,Lukas,Jonas,Felix,Paul,Jürgen,Björn,Heike,Ayşe,Matthias|Müller,Schmidt,Schneider,Fischer,Weber,Wagner,Becker,Schäfer,Koch,Richter,Klein,Wolf,Schröder,Neumann,Krüger,Yılmaz
        United Kingdom|13|card,card,paypal|London,Manchester,Leeds,Bristol,Edinburgh,Cardiff,Glasgow,Sheffield,Brighton|Olivia,Amelia,Isla,Grace,Freya,Priya,Harry,George,Jack,Oliver,Mohammed,Callum,Rhys,Fiona|Smith,Jones,Taylor,Brown,Williams,Wilson,Davies,Patel,Wright,Walker,Hughes,Campbell,Khan,Murray
        Belgium|8|bancontact,bancontact,card|Bruxelles,Antwerpen,Gent,Liège,Brugge,Namur,Leuven|Emma,Louise,Elise,Lotte,Marie,Julie,Arthur,Noah,Wout,Thomas,Maxime,Jef|Peeters,Janssens,Maes,Jacobs,Mertens,Willems,Claes,Lambert,Dupont,Goossens,Wouters,Renard
        Spain|7|card,paypal,bizum|Madrid,Barcelona,Valencia,Sevilla,Bilbao,Málaga,Zaragoza|Lucía,María,Paula,Sofía,Carmen,Elena,Hugo,Martín,Pablo,Álvaro,Diego,Íñigo|García,Fernández,González,Rodríguez,López,Martínez,Sánchez,Pérez,Gómez,Núñez,Ibáñez,Ortega
        Italy|6|paypal,card|Roma,Milano,Torino,Bologna,Firenze,Napoli,Verona|Giulia,Sofia,Aurora,Chiara,Martina,Francesca,Leonardo,Francesco,Lorenzo,Matteo,Niccolò,Alessandro|Rossi,Russo,Ferrari,Esposito,Bianchi,Romano,Colombo,Ricci,Marino,Greco,Conti,De Luca
        Netherlands|6|ideal,ideal,card|Amsterdam,Rotterdam,Utrecht,Den Haag,Eindhoven,Groningen|Sanne,Fleur,Anouk,Lieke,Femke,Daan,Sem,Bram,Thijs,Ruben,Jeroen,Maud|de Jong,Jansen,de Vries,van den Berg,Bakker,Visser,Smit,Meijer,Mulder,de Boer,van Dijk,Vos
        Switzerland|3|twint,card,invoice|Genève,Zürich,Lausanne,Basel,Bern,Fribourg|Mia,Laura,Nina,Céline,Aline,Noah,Luca,Reto,Urs,Yann,Beat|Meier,Keller,Huber,Baumann,Favre,Rochat,Brunner,Gerber,Zürcher,Aebischer
        Sweden|2|klarna,swish,card|Stockholm,Göteborg,Malmö,Uppsala,Lund|Alice,Elsa,Maja,Linnéa,Åsa,William,Oscar,Axel,Björn,Göran|Andersson,Johansson,Karlsson,Nilsson,Eriksson,Lindqvist,Öberg,Sjöström,Berglund
        Ireland|1.5|card,paypal|Dublin,Cork,Galway,Limerick|Aoife,Saoirse,Niamh,Siobhán,Conor,Seán,Cillian,Oisín|Murphy,Kelly,O'Sullivan,Walsh,O'Brien,Byrne,Ryan,Gallagher
        Poland|1.5|blik,blik,card|Warszawa,Kraków,Wrocław,Poznań,Gdańsk|Zuzanna,Julia,Maja,Agnieszka,Jakub,Antoni,Szymon,Łukasz,Paweł|Nowak,Wójcik,Kamiński,Lewandowski,Zieliński,Szymański,Dąbrowski,Kozłowski
        United States|1|card,paypal|New York,San Francisco,Boston,Seattle,Austin,Chicago|Emily,Madison,Ava,Hannah,Aaliyah,Ethan,Mason,Jayden,Carlos,Tyler|Johnson,Miller,Davis,Garcia,Rodriguez,Anderson,Nguyen,Jackson,Lee,Thompson
        """;

    private static IEnumerable<Place> Parse() => Text.Split('\n').Select(line => line.Trim().Split('|')).Select(p => new Place(
        p[0], double.Parse(p[1], System.Globalization.CultureInfo.InvariantCulture), p[2].Split(','), p[3].Split(','), p[4].Split(','), p[5].Split(',')));
}

using System.Text.Json.Serialization;

namespace WanSharp.Repository.Tests;

/// <summary>
/// What the server sends is read by programs: a member that is renamed or gone breaks them. Its objects are listed in one file. After a
/// change that is meant, copy the file that the failure names over the listing.
/// </summary>
public class ServerSchemaTests
{
    private const string Listing = "tests/data/outputs/server.txt";
    private const string Stored = "VideoDetails"; // kept with a job, and not sent

    /// <summary>The contexts that write answers.</summary>
    private static IEnumerable<JsonSerializerContext> Contexts =>
        Checkout
            .AssemblyOf("WanSharp.Server")
            .GetTypes()
            .Where(type => type.IsSubclassOf(typeof(JsonSerializerContext)))
            .Select(type => type.GetProperty("Readable")?.GetValue(null))
            .OfType<JsonSerializerContext>();

    [Fact]
    public void Answers_HaveTheListedMembers()
    {
        var actual = OutputSchema.Describe(Contexts.SelectMany(Roots));
        var written = Path.Combine(AppContext.BaseDirectory, "server.txt");
        File.WriteAllText(written, actual);

        var expected = File.Exists(Path.Combine(Checkout.Root, Listing)) ? Checkout.Read(Listing) : "";

        Assert.True(actual == expected, $"The objects are not those of {Listing}. Meant so? Copy {written} there.\n{actual}");
        Assert.Contains(Listing, Checkout.Read("docs/json.md"), StringComparison.Ordinal);
    }

    [Fact]
    public void TheListing_IsWhatIsWritten()
    {
        foreach (var context in Contexts)
        {
            foreach (var record in Roots(context).SelectMany(OutputSchema.Records).Distinct())
            {
                Assert.Equal(OutputSchema.Names(record), context.GetTypeInfo(record)!.Properties.Select(property => property.Name));
            }
        }
    }

    private static IEnumerable<Type> Roots(JsonSerializerContext context) =>
        context
            .GetType()
            .GetCustomAttributesData()
            .Where(attribute => attribute.AttributeType == typeof(JsonSerializableAttribute))
            .Select(attribute => (Type)attribute.ConstructorArguments[0].Value!)
            .Where(type => type.Name != Stored);
}

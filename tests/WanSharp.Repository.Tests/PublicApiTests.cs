namespace WanSharp.Repository.Tests;

public class PublicApiTests
{
    /// <summary>All projects but the program.</summary>
    public static TheoryData<string> Libraries => [.. Checkout.Projects.Where(project => Checkout.AssemblyOf(project).EntryPoint is null)];

    /// <summary>
    /// A change of the public API is made on purpose: it shows in docs/api and in its review. After one, copy the file
    /// that the failure names over the listing.
    /// </summary>
    [Theory]
    [MemberData(nameof(Libraries))]
    public void PublicApi_IsTheListedOne(string assembly)
    {
        var listing = $"docs/api/{assembly}.txt";
        var actual = PublicApi.Describe(Checkout.AssemblyOf(assembly));
        var written = Path.Combine(AppContext.BaseDirectory, $"{assembly}.txt");
        File.WriteAllText(written, actual);
        var expected = File.Exists(Path.Combine(Checkout.Root, listing)) ? Checkout.Read(listing) : "";
        var difference = actual
            .Split('\n')
            .Except(expected.Split('\n'))
            .Select(line => "+ " + line)
            .Concat(expected.Split('\n').Except(actual.Split('\n')).Select(line => "- " + line));
        Assert.True(
            actual == expected,
            $"The public API of {assembly} is not that of {listing}. Meant so? Copy {written} "
                + $"there.\n{string.Join('\n', difference.Take(40))}"
        );
    }
}

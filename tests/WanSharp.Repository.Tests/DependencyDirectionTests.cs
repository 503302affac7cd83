using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace WanSharp.Repository.Tests;

public partial class DependencyDirectionTests
{
    private const string Prefix = "WanSharp.";

    /// <summary>The arrows of docs/architecture.md, by the project that they come from: those that it may refer to.</summary>
    private static readonly ILookup<string, string> Arrows = Chains()
        .Matches(Checkout.Read("docs/architecture.md"))
        .SelectMany(chain => Pairs(chain.Groups["chain"].Value))
        .ToLookup(arrow => arrow.From, arrow => arrow.To);

    public static TheoryData<string> Projects => [.. Checkout.Projects];

    [Theory]
    [MemberData(nameof(Projects))]
    public void ProjectReferences_FollowTheArrowsOfTheDocument(string project)
    {
        var name = project[Prefix.Length..];
        Assert.True(
            Arrows.Contains(name) || Arrows.Any(arrows => arrows.Contains(name)),
            $"{project} has no place in the data flow: give it one in docs/architecture.md."
        );

        var allowed = Reached(name);
        var references = References(Path.Combine(Checkout.Root, "src", project, project + ".csproj"), "ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension(reference.Replace('\\', '/'))[Prefix.Length..]);

        Assert.DoesNotContain(references, reference => !allowed.Contains(reference));
        Assert.DoesNotContain(name, allowed);
    }

    [Theory]
    [InlineData("WanSharp.Tensors", "Google.Protobuf")]
    [InlineData("WanSharp.Graphs", "Spectre.Console")]
    [InlineData("WanSharp.Engine", "System.CommandLine")]
    [InlineData("WanSharp.Engine", "Microsoft.Data.Sqlite")]
    [InlineData("WanSharp.Jobs", "Spectre.Console")]
    public void Packages_StayInTheLayerThatNeedsThem(string project, string package) =>
        Assert.DoesNotContain(package, References(Path.Combine(Checkout.Root, "src", project, project + ".csproj"), "PackageReference"));

    /// <summary>Where arrows lead from a project, over any number of them.</summary>
    private static HashSet<string> Reached(string project)
    {
        var reached = new HashSet<string>(StringComparer.Ordinal);
        var open = new Stack<string>(Arrows[project]);
        while (open.TryPop(out var one))
        {
            if (reached.Add(one))
            {
                foreach (var next in Arrows[one])
                {
                    open.Push(next);
                }
            }
        }

        return reached;
    }

    /// <summary>The arrows of <c>A ← {B, C} ← D</c>: from B and C to A, from D to B and C.</summary>
    private static IEnumerable<(string From, string To)> Pairs(string chain)
    {
        var groups = chain.Split('←').Select(group => group.Trim(' ', '{', '}').Split(',', StringSplitOptions.TrimEntries)).ToList();
        return from pair in groups.Zip(groups.Skip(1)) from to in pair.First from @from in pair.Second select (@from, to);
    }

    // `Tensors ← {Graphs, Storage}`
    [GeneratedRegex("`(?<chain>[^`]*←[^`]*)`")]
    private static partial Regex Chains();

    private static IEnumerable<string> References(string project, string kind) =>
        XDocument.Load(project).Descendants(kind).Select(element => element.Attribute("Include")!.Value);
}

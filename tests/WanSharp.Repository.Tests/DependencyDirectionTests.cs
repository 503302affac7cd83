using System.Xml.Linq;

namespace WanSharp.Repository.Tests;

public class DependencyDirectionTests
{
    /// <summary>The projects from the bottom of the data flow to its top: each may refer to those before it, no other way.</summary>
    private static readonly string[] BottomUp =
    [
        "WanSharp.Tensors",
        "WanSharp.Graphs",
        "WanSharp.Storage",
        "WanSharp.Media",
        "WanSharp.Runtime",
        "WanSharp.Models",
        "WanSharp.Engine",
        "WanSharp.Jobs",
        "WanSharp.Hosting",
        "WanSharp.Tools",
        "WanSharp.Server",
        "WanSharp.Cli",
    ];

    [Fact]
    public void ProjectReferences_PointDownTheDataFlow()
    {
        var projects = Directory.GetFiles(Path.Combine(Checkout.Root, "src"), "*.csproj", SearchOption.AllDirectories);
        Assert.NotEmpty(projects);
        foreach (var project in projects)
        {
            var level = Level(project);
            foreach (var reference in References(project, "ProjectReference"))
            {
                Assert.True(Level(reference) < level, $"{Path.GetFileName(project)} refers up to {Path.GetFileName(reference)}.");
            }
        }
    }

    [Theory]
    [InlineData("WanSharp.Tensors", "Google.Protobuf")]
    [InlineData("WanSharp.Graphs", "Spectre.Console")]
    [InlineData("WanSharp.Engine", "System.CommandLine")]
    [InlineData("WanSharp.Engine", "Microsoft.Data.Sqlite")]
    [InlineData("WanSharp.Jobs", "Spectre.Console")]
    public void Packages_StayInTheLayerThatNeedsThem(string project, string package) =>
        Assert.DoesNotContain(package, References(Path.Combine(Checkout.Root, "src", project, project + ".csproj"), "PackageReference"));

    private static int Level(string project)
    {
        var level = Array.IndexOf(BottomUp, Path.GetFileNameWithoutExtension(project.Replace('\\', '/')));
        Assert.True(level >= 0, $"{project} has no place in the data flow: give it one in this test and in docs/architecture.md.");
        return level;
    }

    private static IEnumerable<string> References(string project, string kind) =>
        XDocument.Load(project).Descendants(kind).Select(element => element.Attribute("Include")!.Value);
}

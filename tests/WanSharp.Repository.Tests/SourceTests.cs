using System.Text.RegularExpressions;

namespace WanSharp.Repository.Tests;

public partial class SourceTests
{
    private const int MostColumns = 140;
    private const int MostLines = 400;

    private static readonly string[] Folders = ["src", "tests"];

    /// <summary>What people read next to the code; data and what is generated may be wider.</summary>
    private static readonly string[] OtherKinds = [".csproj", ".props", ".targets", ".py", ".sh", ".cjs", ".mjs", ".js", ".css", ".html"];

    [Fact]
    public void Lines_FitTheScreen()
    {
        var tooLong = Sources()
            .Concat(Scripts())
            .SelectMany(path =>
                File.ReadLines(path)
                    .Select((line, i) => (Line: line, Number: i + 1))
                    .Where(line => line.Line.Length > MostColumns)
                    .Select(line => $"{Path.GetRelativePath(Checkout.Root, path)}:{line.Number} has {line.Line.Length} columns")
            )
            .ToList();

        Assert.True(tooLong.Count == 0, $"At most {MostColumns} columns:\n{string.Join('\n', tooLong)}");
    }

    /// <summary>Tables and lines that are shown as they are may be wider, and so may the history.</summary>
    [Fact]
    public void LinesOfDocuments_FitTheScreen()
    {
        var tooLong =
            from document in Checkout.Documents()
            where document != "CHANGELOG.md"
            from line in Checkout.Read(document).Split('\n').Index()
            where line.Item.Length > MostColumns && line.Item[0] != '|' && !line.Item.StartsWith("    ", StringComparison.Ordinal)
            select $"{document}:{line.Index + 1} has {line.Item.Length} columns";

        Assert.Empty(tooLong);
    }

    [Fact]
    public void LogMessages_OfAProject_AreInOneFile()
    {
        var files = Sources()
            .Where(path => Path.GetRelativePath(Checkout.Root, path).StartsWith("src", StringComparison.Ordinal))
            .Where(path => File.ReadAllText(path).Contains("[LoggerMessage(", StringComparison.Ordinal))
            .GroupBy(path => Path.GetRelativePath(Checkout.Root, path).Split(Path.DirectorySeparatorChar)[1]);

        Assert.All(files, project => Assert.Single(project));
    }

    [Fact]
    public void AFile_HasAtMostAsManyLinesAsAreReadInOneSitting()
    {
        var tooLong = Sources().Where(path => File.ReadLines(path).Count() > MostLines);

        Assert.Empty(tooLong);
    }

    [Fact]
    public void AFile_IsNotEmpty() => Assert.DoesNotContain(Sources(), path => new FileInfo(path).Length == 0);

    /// <summary>The numbers of <c>JobState</c> are written in one place.</summary>
    [Fact]
    public void StatesOfJobs_InStatements_HaveNames()
    {
        var numbers =
            from path in Sources()
            where path.Contains("WanSharp.Jobs" + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            from line in File.ReadLines(path)
            where StateNumber().IsMatch(line)
            select $"{path}: {line.Trim()}";

        Assert.Empty(numbers);
    }

    /// <summary><c>Digests</c> makes digests into text, so that there is one form of them; graphs lie below it.</summary>
    [Fact]
    public void Digests_OfTextsAndBytes_AreMadeInOnePlace()
    {
        var files =
            from path in Sources()
            where Path.GetRelativePath(Checkout.Root, path).StartsWith("src", StringComparison.Ordinal)
            where File.ReadAllText(path).Contains("ToHexStringLower(SHA256.HashData(", StringComparison.Ordinal)
            select Path.GetFileName(path);

        Assert.Equal(["Digests.cs", "OnnxGraph.cs"], files.Order(StringComparer.Ordinal));
    }

    [GeneratedRegex(@"\bstate (=|<>|<|>|IN \() ?\d|CASE state WHEN \d")]
    private static partial Regex StateNumber();

    /// <summary>The C# files below a folder of the checkout, except for generated ones.</summary>
    internal static IEnumerable<string> SourcesIn(string folder) => FilesIn(folder).Where(path => Path.GetExtension(path) == ".cs");

    private static IEnumerable<string> Sources() => Folders.SelectMany(SourcesIn);

    private static IEnumerable<string> Scripts() =>
        Folders
            .Append("training")
            .SelectMany(FilesIn)
            .Concat(Directory.EnumerateFiles(Checkout.Root))
            .Where(path => OtherKinds.Contains(Path.GetExtension(path)))
            .Append(Path.Combine(Checkout.Root, ".ci", "run"));

    private static IEnumerable<string> FilesIn(string folder) =>
        Directory
            .EnumerateFiles(Path.Combine(Checkout.Root, folder), "*", SearchOption.AllDirectories)
            .Where(path => !path.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj" or "node_modules" or "runs"));
}

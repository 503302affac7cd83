using WanSharp.Hosting.Installation;

namespace WanSharp.Hosting.Tests.Installation;

public sealed class NuGetSourcesTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("wan-nuget-");

    private string User => Path.Combine(_folder.FullName, "user.config");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Read_ProjectAndUser_GivesTheNearestFirst()
    {
        var project = Write("a/b/NuGet.Config", """<add key="near" value="../packages" />""");
        Write("a/nuget.config", """<add key="middle" value="https://middle.example/v3/index.json" />""");
        Write("user.config", """<add key="far" value="/packages" /><add key="near" value="https://shadowed.example/v3/index.json" />""");

        Assert.Equal(
            [Path.Combine(_folder.FullName, "a", "packages"), "https://middle.example/v3/index.json", Path.GetFullPath("/packages")],
            NuGetSources.Read(project, User)
        );
    }

    [Fact]
    public void Read_AfterClear_LeavesOutFartherFiles()
    {
        var project = Write("a/nuget.config", """<clear /><add key="only" value="https://only.example/v3/index.json" />""");
        Write("user.config", """<add key="far" value="https://far.example/v3/index.json" />""");

        Assert.Equal(["https://only.example/v3/index.json"], NuGetSources.Read(project, User));
    }

    [Fact]
    public void Read_DisabledSources_AreLeftOut()
    {
        var project = Write(
            "a/nuget.config",
            """<add key="off" value="https://off.example/v3/index.json" />""",
            """<disabledPackageSources><add key="OFF" value="true" /></disabledPackageSources>"""
        );

        Assert.Empty(NuGetSources.Read(project, User));
    }

    [Theory]
    [InlineData("<configuration><packageSources>")]
    [InlineData("<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><configuration>&e;</configuration>")]
    public void Read_AFileThatIsNoConfiguration_NamesIt(string content)
    {
        File.WriteAllText(User, content);

        Assert.Contains(
            User,
            Assert.Throws<InvalidDataException>(() => NuGetSources.Read(_folder.FullName, User)).Message,
            StringComparison.Ordinal
        );
    }

    private string Write(string name, string sources, string others = "")
    {
        var file = Path.Combine(_folder.FullName, name);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, $"<configuration><packageSources>{sources}</packageSources>{others}</configuration>");
        return Path.GetDirectoryName(file)!;
    }
}

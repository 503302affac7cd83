using WanSharp.Models.Hub;
using WanSharp.Testing;

namespace WanSharp.Models.Tests.Hub;

public sealed class AliasCatalogTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Own_AreSound()
    {
        var all = AliasCatalog.Load().All;

        Assert.Contains(all, alias => alias.Name == "t2v-a14b" && alias.Files.Count == 4);
        Assert.All(all, alias => Assert.EndsWith(".safetensors", alias.Files[0], StringComparison.Ordinal));
        Assert.All(all.SelectMany(alias => alias.Files), file => Assert.DoesNotContain('*', file));
    }

    [Fact]
    public void Users_ComeFirst()
    {
        var file = _folder.Write(
            "aliases.json",
            """
            {
              // mine
              "t2v-1.3b": {"what": "mine", "repository": "me/model", "files": ["a.safetensors"], "model": "a.safetensors"},
              "ink": {"what": "a style", "repository": "me/loras", "revision": "v2", "files": ["ink.safetensors"],},
            }
            """
        );

        var catalog = AliasCatalog.Load(file);

        Assert.Equal("me/model", catalog.Find("T2V-1.3b")!.Repository);
        Assert.Equal("me/loras@v2", catalog.Find("ink")!.Reference.ToString());
        Assert.NotNull(catalog.Find("t2v-a14b"));
    }

    [Theory]
    [InlineData("[]", "not a list of aliases")]
    [InlineData("""{"a": null}""", "'a' is null")]
    [InlineData("""{"a": {"what": "x"}}""", "what, repository and files")]
    [InlineData("""{"a": {"what": "x", "repository": "me", "files": ["f"]}}""", "write ORG/NAME")]
    [InlineData("""{"a": {"what": "x", "repository": "me/m", "files": []}}""", "names no files")]
    [InlineData("""{"a": {"what": "x", "repository": "me/m", "files": ["../f"]}}""", "not a path")]
    [InlineData("""{"a": {"what": "x", "repository": "me/m", "files": ["f"], "model": "g"}}""", "not one of its files")]
    [InlineData("""{"a/b": {"what": "x", "repository": "me/m", "files": ["f"]}}""", "a slash")]
    [InlineData("""{"a": {"what": "x", "repository": "me/m", "files": ["f"], "fils": 1}}""", "fils")]
    public void Users_ThatAreWrong_AreNamed(string text, string expected)
    {
        var file = _folder.Write("aliases.json", text);

        var error = Assert.Throws<InvalidDataException>(() => AliasCatalog.Load(file));

        Assert.Contains(file, error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }
}

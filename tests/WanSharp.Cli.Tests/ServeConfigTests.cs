using WanSharp.Testing;

namespace WanSharp.Cli.Tests;

/// <summary>Where the options of <c>wan serve</c> come from: what an open address is refused for says which one was taken.</summary>
public sealed class ServeConfigTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(null, "At 0.0.0.0:1 ")]
    [InlineData("0.0.0.0:2", "At 0.0.0.0:2 ")]
    [InlineData("127.0.0.1:0 0.0.0.0:3", "At 0.0.0.0:3 ")]
    public async Task AVariable_GoesBeforeTheFile(string? variable, string expected)
    {
        var config = Write("""{ "listen": ["0.0.0.0:1"], /* all */ "keep-hours": 3, "warm": false, }""");

        var run = await RunAsync(["serve", "--config", config], variable);

        run.AssertFailed(2, expected);
    }

    [Fact]
    public async Task TheCommandLine_GoesBeforeBoth()
    {
        var run = await RunAsync(["serve", "--config", Write("""{ "listen": "0.0.0.0:1" }"""), "--listen", "0.0.0.0:4"], "0.0.0.0:2");

        run.AssertFailed(2, "At 0.0.0.0:4 ");
    }

    [Theory]
    [InlineData("""{ "liste": "0.0.0.0:1" }""", "there is no option 'liste'. Did you mean listen?")]
    [InlineData("""{ "keep-hours": "many" }""", "'keep-hours' in the file of --config: ")]
    [InlineData("""{ "warm": "yes" }""", "is a switch: true or false")]
    [InlineData("""{ "warm": null }""", "'warm' has a value that no option takes")]
    [InlineData("""{ "listen": [["a"], "b"] }""", "'listen' has a value that no option takes")]
    [InlineData("""{ "keep-hours": 1, "keep-hours": 2 }""", "is not JSON")]
    [InlineData("[]", "is not an object of options")]
    [InlineData("{", "is not JSON")]
    public async Task AFile_ThatIsNotUnderstood_IsRefused(string text, string expected) =>
        (await RunAsync(["serve", "--config", Write(text)], null)).AssertFailed(2, expected);

    [Fact]
    public async Task AFile_ThatIsNotThere_IsRefused() =>
        (await RunAsync(["serve", "--config", _folder["none.json"]], null)).AssertFailed(1, "There is no file");

    private string Write(string text)
    {
        File.WriteAllText(_folder["serve.json"], text);
        return _folder["serve.json"];
    }

    private Task<CommandLineRun> RunAsync(string[] args, string? listen)
    {
        var variables = new Dictionary<string, string> { ["WAN_CACHE"] = _folder["cache"], ["WAN_SERVE_DATA"] = _folder["data"] };
        if (listen is not null)
        {
            variables["WAN_SERVE_LISTEN"] = listen;
        }

        return CommandLineRun.RunAsync(args, variables: variables);
    }
}

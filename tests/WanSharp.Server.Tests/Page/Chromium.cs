using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(WanSharp.Server.Tests.Page.Chromium))]

namespace WanSharp.Server.Tests.Page;

/// <summary>One browser for all tests, started when the first one needs it.</summary>
public sealed class Chromium : IAsyncDisposable
{
    private static readonly string[] Places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    // Without a graphics card, emulating one takes longer than drawing without it.
    private static readonly string[] Arguments = ["--disable-gpu"];

    private readonly Lazy<Task<IBrowser>> _browser;
    private IPlaywright? _playwright;

    public Chromium() => _browser = new Lazy<Task<IBrowser>>(StartAsync);

    /// <summary>The browser, or why there is none.</summary>
    public async Task<(IBrowser? Browser, string? Missing)> OpenAsync()
    {
        if (!Places.Any(File.Exists))
        {
            return (null, $"There is no Chromium: none of {string.Join(", ", Places)} is there.");
        }

        try
        {
            return (await _browser.Value, null);
        }
        catch (PlaywrightException exception)
        {
            return (null, $"Chromium cannot be driven here: {exception.Message.Split('\n')[0]}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
        {
            await (await _browser.Value).DisposeAsync();
        }

        _playwright?.Dispose();
    }

    private async Task<IBrowser> StartAsync()
    {
        _playwright = await Playwright.CreateAsync();
        return await _playwright.Chromium.LaunchAsync(
            new BrowserTypeLaunchOptions
            {
                ExecutablePath = Places.First(File.Exists),
                Args = Arguments,
                Timeout = Visit.Patience,
            }
        );
    }
}

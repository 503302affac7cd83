using Microsoft.Playwright;
using WanSharp.Testing;
using static Microsoft.Playwright.Assertions;

namespace WanSharp.Server.Tests.Page;

/// <summary>Makes the pictures of <c>docs/page.md</c>, with the Shapes model.</summary>
public sealed class ScreenshotTests(PageFixture fixture) : IClassFixture<PageFixture>
{
    private const string Variable = "WAN_SCREENSHOTS";
    private const long MostBytes = 150_000;

    private static readonly string[] Prompts =
    [
        "a yellow star growing on a navy background",
        "a blue square moving right on a beige background",
        "a green triangle moving up on a gray background",
        "a purple circle moving down on a black background",
        "an orange star moving left on a beige background",
        "a red circle moving left on a black background",
    ];

    [Fact]
    public async Task Pictures_OfTheDocuments()
    {
        var folder = Environment.GetEnvironmentVariable(Variable);
        Assert.SkipWhen(folder is null, $"Set {Variable} to docs/images to make the pictures of the documents.");
        await using var server = await TestServer.StartAsync(options =>
            options with
            {
                Backend = options.Backend with { Engine = options.Backend.Engine with { Model = Shapes(), Threads = null } },
                Format = ".mp4",
            }
        );
        foreach (var prompt in Prompts)
        {
            var (_, video) = await server.PostAsync("/v1/videos", $$"""{"prompt":"{{prompt}}","steps":20}""");
            await server.EndAsync(video.GetProperty("id").GetString()!);
        }

        await using (var visit = await fixture.VisitAsync(server, "", null))
        {
            await visit.Page.Locator("#prompt").FillAsync(Prompts[^1]);
            await visit.Page.Locator("#seconds").FillAsync("2");
            await visit.Page.Locator("#seed").FillAsync("7"); // not one that was made before
            await Expect(visit.Page.Locator(".cost"))
                .ToContainTextAsync("About", new LocatorAssertionsToContainTextOptions { Timeout = 60_000 });
            await visit.Button("Generate").ClickAsync();
            await Expect(visit.Page.Locator("video.clip")).ToBeVisibleAsync(new LocatorAssertionsToBeVisibleOptions { Timeout = 60_000 });
            await visit.Page.WaitForTimeoutAsync(900);
            await SaveAsync(visit, folder!, "page-generate");
        }

        await using (var visit = await fixture.VisitAsync(server, "#/gallery", options => options.ColorScheme = ColorScheme.Dark))
        {
            await Expect(visit.Page.Locator(".clip-card")).ToHaveCountAsync(Prompts.Length + 1);
            await visit.Page.WaitForTimeoutAsync(500);
            await SaveAsync(visit, folder!, "page-gallery");
        }

        await server.PostAsync("/v1/queue/pause", "{}");
        foreach (var prompt in Prompts)
        {
            await server.CreateAsync(prompt, ",\"seed\":5");
        }

        await using (var visit = await fixture.VisitAsync(server, "#/queue", OnPhone))
        {
            await Expect(visit.Page.Locator("ol .row")).ToHaveCountAsync(Prompts.Length);
            await SaveAsync(visit, folder!, "page-queue-phone");
        }

        static void OnPhone(BrowserNewContextOptions options) => options.ViewportSize = new ViewportSize { Width = 390, Height = 780 };
    }

    private static async Task SaveAsync(Visit visit, string folder, string name)
    {
        var bytes = await visit.Page.ScreenshotAsync(
            new PageScreenshotOptions { Path = Path.Combine(folder, name + ".png"), Animations = ScreenshotAnimations.Disabled }
        );
        Assert.True(bytes.Length < MostBytes, $"{name}.png has {bytes.Length} bytes: more than a document should load.");
    }

    private static string Shapes() => RepositoryFiles.Find("models/shapes");
}

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using WanSharp.Engine.Requests;
using WanSharp.Hosting;
using WanSharp.Jobs.Styles;
using WanSharp.Server.Http;
using WanSharp.Server.Security;
using WanSharp.Server.Work;

namespace WanSharp.Server.Page;

/// <summary>What may be asked of a clip, for forms; and what was asked of one.</summary>
internal sealed class SettingsRoutes(ServerOptions options, WanHost host, VideoQueue queue, ModelFacts facts, ServedFormats formats)
    : IRoutes
{
    private readonly Lazy<StyleCatalog> _styles = new(() => host.OpenStyles(options.StylesFile));

    /// <inheritdoc/>
    public bool TellsKeysApart => true;

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/settings", ListAsync).Describe("The settings of a video, with their ranges and help.").Sends("application/json");
        routes
            .MapGet("/v1/videos/{id}/settings", OfVideoAsync)
            .Describe("The settings that a video was asked for with.")
            .Sends("application/json");
    }

    private Task ListAsync(HttpContext context)
    {
        var defaults = facts.IsLocal ? facts.Defaults : new ClipSettings();
        var fields = SettingFields.All.Where(field => !facts.IsLocal || facts.HasExperts || !field.ForExperts);
        return context.SendAsync(
            new SettingsObject(
                queue.Model,
                [.. fields.Select(field => Describe(field, defaults))],
                facts.IsLocal ? facts.Pictures : ["input_reference"],
                [.. _styles.Value.Names],
                facts.IsLocal
                    ?
                    [
                        .. facts
                            .Presets.Where(preset => preset.Fits)
                            .Select(preset => new PresetObject(
                                preset.Name,
                                preset.Preset.About,
                                preset.IsReady,
                                ClientText.Of(preset.Note)
                            )),
                    ]
                    : [],
                [.. formats.Written.Select(format => format[1..])],
                formats.Usual[1..]
            ),
            PageJson.Readable.SettingsObject
        );
    }

    /// <summary>The settings that a video is or was made with, as its next one would be asked for.</summary>
    private Task OfVideoAsync(HttpContext context)
    {
        var job = queue.Require(context.Id(), Caller.Of(context));
        var settings = job.Settings is { } json && GenerationSettings.FromJson(json) is { } made ? made.ToRequested() : job.Request;
        return context.SendAsync(
            new VideoSettingsObject(
                context.Id()!,
                queue.Show(job).Prompt ?? job.Request.Prompt,
                job.Style,
                job.Request.Images.Count,
                [.. SettingFields.Shown(settings).Select(shown => new SettingValue(shown.Field.Name, Value(shown.Field, shown.Value)))]
            ),
            PageJson.Readable.VideoSettingsObject
        );
    }

    /// <summary>Files are shown without their folders.</summary>
    private static string Value(SettingField field, string value) => field.NamesFile ? Path.GetFileName(value) : value;

    private static SettingObject Describe(SettingField field, ClipSettings defaults) =>
        new(
            field.Name,
            ClientText.Of(field.Help),
            field.ValueName,
            field switch
            {
                { Range.IsWhole: true } => "integer",
                { Range: not null } => "number",
                { Choices.Count: > 0 } => "choice",
                { IsFreeText: true } => "text",
                _ => "value",
            },
            ClientText.Of(field.Expected),
            field.Print(defaults)
        )
        {
            Minimum = field.Range?.Minimum,
            Maximum = field.Range?.Maximum,
            Choices = field.Choices.Count > 0 ? field.Choices : null,
            Example = field.Example,
            Excludes = field.Excludes.Count > 0 ? field.Excludes : null,
            IsPart = field.IsPart,
        };
}

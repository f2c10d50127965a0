"""REST: the bot itself, the guild, its channels and people, and where the gateway is."""

from aiohttp import web

from sandbox.discord import objects
from sandbox.discord.errors import missing_access, unknown_guild, unknown_member, unknown_user
from sandbox.discord.middleware import API, BODY, json_answer
from sandbox.discord.rest_messages import channel_for_bot
from sandbox.discord.state import STATE, State
from sandbox.discord.world import Guild

_GUILD = f"{API}/guilds/{{guild_id}}"
_DEFAULT_PAGE = 1


def routes() -> list[web.RouteDef]:
    gets = {
        f"{API}/gateway": gateway,
        f"{API}/gateway/bot": gateway_bot,
        f"{API}/users/@me": own_user,
        f"{API}/users/{{user_id}}": get_user,
        f"{API}/oauth2/applications/@me": own_application,
        f"{API}/applications/@me": own_application,
        f"{API}/channels/{{channel_id}}": get_channel,
        _GUILD: get_guild,
        f"{_GUILD}/channels": list_channels,
        f"{_GUILD}/roles": list_roles,
        f"{_GUILD}/members": list_members,
        f"{_GUILD}/members/{{user_id}}": get_member,
    }
    found = [web.get(path, handler, allow_head=False) for path, handler in gets.items()]
    return [*found, web.post(f"{API}/users/@me/channels", open_direct_channel)]


async def gateway(request: web.Request) -> web.Response:
    return json_answer({"url": request.app[STATE].gateway_url})


async def gateway_bot(request: web.Request) -> web.Response:
    state = request.app[STATE]
    limit = {"total": 1000, "remaining": 999, "reset_after": 86_400_000, "max_concurrency": 1}
    return json_answer({"url": state.gateway_url, "shards": state.shards, "session_start_limit": limit})


async def own_user(request: web.Request) -> web.Response:
    return json_answer(objects.own_user_object(request.app[STATE].world.bot))


async def get_user(request: web.Request) -> web.Response:
    user = request.app[STATE].world.users.get(request.match_info["user_id"])
    if user is None:
        raise unknown_user()
    return json_answer(objects.user_object(user))


async def own_application(request: web.Request) -> web.Response:
    return json_answer(objects.application_object(request.app[STATE].world))


async def get_channel(request: web.Request) -> web.Response:
    state = request.app[STATE]
    channel = channel_for_bot(state, request.match_info["channel_id"])
    return json_answer(objects.channel_object(state.world, channel))


def _guild(request: web.Request) -> Guild:
    guild = request.app[STATE].world.guilds.get(request.match_info["guild_id"])
    if guild is None:
        raise unknown_guild()
    return guild


async def get_guild(request: web.Request) -> web.Response:
    guild, world = _guild(request), request.app[STATE].world
    body = objects.guild_object(world, guild)
    if request.query.get("with_counts") in ("1", "true", "True"):
        body |= {"approximate_member_count": len(world.users), "approximate_presence_count": len(world.users)}
    return json_answer(body)


async def list_channels(request: web.Request) -> web.Response:
    guild, world = _guild(request), request.app[STATE].world
    return json_answer([objects.channel_object(world, channel) for channel in world.guild_channels(guild.id)])


async def list_roles(request: web.Request) -> web.Response:
    return json_answer(objects.role_objects(_guild(request)))


async def list_members(request: web.Request) -> web.Response:
    _guild(request)
    after = int(request.query.get("after", "0"))
    people = sorted(
        (user for user in request.app[STATE].world.users.values() if int(user.id) > after), key=lambda u: int(u.id)
    )
    limit = int(request.query.get("limit", _DEFAULT_PAGE))
    return json_answer([objects.member_object(user) for user in people[:limit]])


async def get_member(request: web.Request) -> web.Response:
    _guild(request)
    user = request.app[STATE].world.users.get(request.match_info["user_id"])
    if user is None:
        raise unknown_member()
    return json_answer(objects.member_object(user))


async def open_direct_channel(request: web.Request) -> web.Response:
    state: State = request.app[STATE]
    user = state.world.users.get(str(request[BODY].json.get("recipient_id")))
    if user is None:
        raise unknown_user()
    if user.bot:
        raise missing_access()
    known = set(state.world.channels)
    channel = state.world.direct_channel(user)
    body = objects.channel_object(state.world, channel)
    if channel.id not in known:
        await state.live.send("world", objects.page_world(state.world))
    return json_answer(body)

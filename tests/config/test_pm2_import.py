from pmdaemon.config.pm2_import import imported

HOME = "/root/.pm2"


def an_entry(name="web", **more):
    return {
        "name": name,
        "pm_exec_path": f"/srv/{name}.js",
        "pm_cwd": "/srv",
        "status": "online",
        "pm_out_log_path": f"{HOME}/logs/{name}-out.log",
        "pm_pid_path": f"{HOME}/pids/{name}-0.pid",
        **more,
    }


def the_app(*entries):
    [one], _ = imported(entries, HOME)
    return one


def test_instances_are_one_app_that_was_up_if_one_of_them_was():
    one = the_app(an_entry(), an_entry(status="stopped"))

    assert (one.app["name"], one.app["instances"], one.up) == ("web", 2, True)
    assert one.notes == ("1 of its 2 instances were stopped",)
    assert not the_app(an_entry(status="stopped")).up


def test_files_that_pm2_has_made_up_are_not_taken_over():
    assert not {"out_file", "error_file", "pid_file"} & the_app(an_entry()).app.keys()


def test_files_that_somebody_has_chosen_are_taken_over():
    chosen = {"pm_out_log_path": "/var/log/o.log", "pm_pid_path": "/run/web-7.pid", "pm_id": 7}

    app = the_app(an_entry(**chosen)).app

    assert (app["out_file"], app["pid_file"]) == ("/var/log/o.log", "/run/web.pid")


def test_the_id_that_pm2_puts_into_files_of_instances_is_taken_out_again():
    app = the_app(
        an_entry(pm_out_log_path="/var/log/o-3.log", pm_id=3),
        an_entry(pm_out_log_path="/var/log/o-4.log", pm_id=4),
    ).app

    assert app["out_file"] == "/var/log/o.log"


def test_modules_are_named_and_left_out():
    apps, modules = imported([an_entry("pm2-logrotate", pmx_module=True)], HOME)

    assert (apps, modules) == ([], ["pm2-logrotate"])


def test_different_programs_of_one_name_get_names_of_their_own():
    entries = [an_entry(), an_entry(pm_exec_path="/srv/b.js"), an_entry(pm_exec_path="/srv/c.js")]

    apps, _ = imported(entries, HOME)

    assert [one.app["name"] for one in apps] == ["web", "web-2", "web-3"]
    assert apps[1].notes == (
        "another program is also called web, so this one is now web-2",
    )  # fmt: skip


def test_an_entry_without_a_name_gets_one():
    entries = [{"pm_exec_path": "/srv/a.js"}, {"name": 7, "pm_exec_path": "/srv/b.js"}]

    apps, _ = imported(entries, HOME)

    assert [one.app["name"] for one in apps] == ["app", "7"]


def test_a_file_whose_name_is_only_the_id_keeps_it():
    chosen = {"pm_pid_path": "/run/-7.pid", "pm_id": 7}

    assert the_app(an_entry(**chosen)).app["pid_file"] == "/run/-7.pid"


def test_what_will_be_different_is_noted():
    assert the_app(an_entry(trace=True, v8=False)).notes == (
        "there is no tracing by PM2's agent",
    )  # fmt: skip


def test_files_that_instances_share_are_shared_on():
    both = {"pm_out_log_path": "/var/log/o.log", "merge_logs": True}

    assert the_app(an_entry(**both), an_entry(**both)).app["merge_logs"] is True
    assert "merge_logs" not in the_app(an_entry(**both)).app
    assert "merge_logs" not in the_app(an_entry(merge_logs=True), an_entry(merge_logs=True)).app
